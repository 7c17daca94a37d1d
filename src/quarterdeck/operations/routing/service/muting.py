"""What keeps an alert from waking anybody: silences, and other alerts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quarterdeck.kernel.db import BULK_ROWS
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.alerts.model import Alert
from quarterdeck.operations.alerts.service import looking
from quarterdeck.operations.alerts.service import placing as alerts
from quarterdeck.operations.routing.model import Config
from quarterdeck.operations.routing.service.configuring import config_of
from quarterdeck.operations.routing.service.placing import common
from quarterdeck.operations.routing.store import groups
from quarterdeck.operations.silences import service as silences
from quarterdeck.operations.silences.matchers import Matchers, all_match


@dataclass(frozen=True, slots=True, kw_only=True)
class Muting:
    """Why an alert wakes nobody; nothing in it: it does.

    Attributes:
        silences: ids.
        inhibitors: fingerprints of alerts.
    """

    silences: tuple[str, ...] = ()
    inhibitors: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.silences or self.inhibitors)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An alert as it stands with its routes.

    Attributes:
        routes: the receivers that it goes to, each with the labels of its group.
    """

    alert: Alert
    muting: Muting
    routes: tuple[tuple[str, Mapping[str, str]], ...]


def mutings(
    work: Work, tenant: str, config: Config | None, found: Sequence[Alert]
) -> dict[int, Muting]:
    """What mutes each of ``found``, by its id."""
    holding = silences.holding(work, tenant)
    inhibitors = _inhibitors(work, tenant, config, found) if config else {}
    return {
        alert.id: Muting(
            silences=tuple(one.id for one in holding if one.mutes(alert.sign.labels)),
            inhibitors=inhibitors.get(alert.id, ()),
        )
        for alert in found
    }


def seen(work: Work, tenant: str, matchers: Matchers = ()) -> list[Seen]:
    """Every alert of a tenant that fires and matches, with what mutes it and where it goes."""
    return _seen(work, tenant, looking.live(work, tenant, matchers))


def seen_one(work: Work, alert: Alert) -> Seen:
    """An alert that the actor was shown, with what mutes it and where it goes."""
    return _seen(work, alert.sign.tenant, [alert])[0]


def _seen(work: Work, tenant: str, found: Sequence[Alert]) -> list[Seen]:
    config = config_of(work.db, tenant)
    muted = mutings(work, tenant, config, found)
    return [
        Seen(
            alert=alert,
            muting=muted[alert.id],
            routes=tuple(
                (route.receiver, route.group_of(alert.sign.labels))
                for route in config.root.match(alert.sign.labels)
            )
            if config
            else (),
        )
        for alert in found
    ]


def _inhibitors(
    work: Work, tenant: str, config: Config, found: Sequence[Alert]
) -> dict[int, tuple[str, ...]]:
    targets = [
        (common(rule, alert), alert, all_match(rule.sources, alert.sign.labels))
        for alert in found
        for rule in config.inhibitions
        if all_match(rule.targets, alert.sign.labels)
    ]
    if not targets:
        return {}
    by_common = _sources(work, tenant, sorted({word for word, _, _ in targets}))
    inhibited: dict[int, tuple[str, ...]] = {}
    for word, alert, both in targets:
        # Two that are source and target alike do not mute each other (inhibit.Mutes).
        by = [s.fingerprint for s, also in by_common.get(word, ()) if not (both and also)]
        if by:
            inhibited[alert.id] = (*inhibited.get(alert.id, ()), *sorted(by)[:1])
    return inhibited


def _sources(work: Work, tenant: str, words: Sequence[str]) -> dict[str, list[tuple[Alert, bool]]]:
    """Alerts that fire and inhibit, by what they have in common with their targets."""
    own = Tenants(frozenset({tenant}))
    rows = [
        row
        for at in range(0, len(words), BULK_ROWS)
        for row in groups.sources_of(work.db, own, words[at : at + BULK_ROWS])
    ]
    known = alerts.of_ids(work, own, sorted({alert for _, alert, _ in rows}))
    by_common: dict[str, list[tuple[Alert, bool]]] = {}
    for word, alert, both in rows:
        if alert in known and known[alert].fires(work.now):
            by_common.setdefault(word, []).append((known[alert], both))
    return by_common
