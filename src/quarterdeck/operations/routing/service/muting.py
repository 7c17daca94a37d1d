"""What keeps an alert from waking anybody: silences, and other alerts."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Self

from quarterdeck.kernel.db import BULK_ROWS
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.alerts.model import Alert
from quarterdeck.operations.alerts.service import looking
from quarterdeck.operations.alerts.service import placing as alerts
from quarterdeck.operations.routing.model import Config, Inhibition, Route
from quarterdeck.operations.routing.service.configuring import config_of
from quarterdeck.operations.routing.service.placing import common
from quarterdeck.operations.routing.store import groups
from quarterdeck.operations.silences import service as silences
from quarterdeck.operations.silences.matchers import Matchers, all_match
from quarterdeck.operations.silences.model import Silence
from quarterdeck.operations.silences.named import ByNamed


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
        routes: those that it takes.
    """

    alert: Alert
    muting: Muting
    routes: Sequence[Route]

    @property
    def receivers(self) -> list[str]:
        """Who it goes to."""
        return list(dict.fromkeys(route.receiver for route in self.routes))


def mutings(
    work: Work, tenant: str, config: Config | None, found: Sequence[Alert]
) -> dict[int, Muting]:
    """What mutes each of ``found``, by its id."""
    return _Mutings.begin(work, tenant, config).of(found)


def seen(work: Work, tenant: str, matchers: Matchers = ()) -> Iterator[list[Seen]]:
    """Every alert of a tenant that fires and matches, with what mutes it and where it goes.

    Some at a time, in the order of fingerprints.
    """
    return _seen(work, tenant, looking.live_in_parts(work, tenant, matchers))


def seen_one(work: Work, alert: Alert) -> Seen:
    """An alert that the actor was shown, with what mutes it and where it goes."""
    return next(_seen(work, alert.sign.tenant, [[alert]]))[0]


def _seen(work: Work, tenant: str, parts: Iterable[Sequence[Alert]]) -> Iterator[list[Seen]]:
    config = config_of(work.db, tenant)
    mutes = _Mutings.begin(work, tenant, config)
    taken = _taken(config)
    for found in parts:
        muted = mutes.of(found)
        yield [
            Seen(alert=one, muting=muted[one.id], routes=taken.of(one.sign.labels)) for one in found
        ]


def _taken(config: Config | None) -> ByNamed[Sequence[Route]]:
    if config is None:
        return ByNamed((), lambda _: ())
    return ByNamed(_names(one.matchers for one in config.root.every()), config.root.match)


def _names(found: Iterable[Matchers]) -> Collection[str]:
    return {one.name for matchers in found for one in matchers}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mutings:
    """What mutes a tenant's alerts.

    Attributes:
        silences: the ids of those that hold and mute.
        targeted: the word of each rule that an alert is a target of, and whether it is a
            source of the same rule too.
        firsts: the least fingerprint of the alerts that fire and inhibit what has a word in
            common, by that word, and by whether they are targets of the same rule too. One
            for each: thousands may have a word in common with thousands.
        asked: the words whose inhibitors are known.
    """

    work: Work
    tenant: str
    silences: ByNamed[tuple[str, ...]]
    targeted: ByNamed[Sequence[tuple[str, bool]]]
    firsts: dict[tuple[str, bool], str] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)

    @classmethod
    def begin(cls, work: Work, tenant: str, config: Config | None) -> Self:
        return cls(
            work=work,
            tenant=tenant,
            silences=_silenced(silences.holding(work, tenant)),
            targeted=_targeted(tenant, config.inhibitions if config else ()),
        )

    def of(self, found: Sequence[Alert]) -> dict[int, Muting]:
        """What mutes each of ``found``, by its id."""
        targeted = {one.id: self.targeted.of(one.sign.labels) for one in found}
        self._ask({word for words in targeted.values() for word, _ in words} - self.asked)
        return {
            one.id: Muting(
                silences=self.silences.of(one.sign.labels),
                inhibitors=tuple(self._inhibitors(targeted[one.id])),
            )
            for one in found
        }

    def _inhibitors(self, targeted: Sequence[tuple[str, bool]]) -> Iterator[str]:
        for word, both in targeted:
            # Two that are source and target alike do not mute each other (inhibit.Mutes).
            kinds = (False,) if both else (False, True)
            by = [self.firsts[word, kind] for kind in kinds if (word, kind) in self.firsts]
            yield from sorted(by)[:1]

    def _ask(self, new: set[str]) -> None:
        own, words = Tenants(frozenset({self.tenant})), sorted(new)
        rows = [
            row
            for at in range(0, len(words), BULK_ROWS)
            for row in groups.sources_of(self.work.db, own, words[at : at + BULK_ROWS])
        ]
        firing = alerts.firing(self.work, own, sorted({alert for _, alert, _ in rows}))
        for word, alert, both in rows:
            if alert in firing:
                least = self.firsts.get((word, both), firing[alert])
                self.firsts[word, both] = min(least, firing[alert])
        self.asked.update(new)


def _silenced(holding: Sequence[Silence]) -> ByNamed[tuple[str, ...]]:
    return ByNamed(
        _names(one.matchers for one in holding),
        lambda labels: tuple(one.id for one in holding if one.mutes(labels)),
    )


def _targeted(tenant: str, rules: Sequence[Inhibition]) -> ByNamed[Sequence[tuple[str, bool]]]:
    names = {name for rule in rules for name in rule.equal}
    names |= {*_names(rule.sources for rule in rules), *_names(rule.targets for rule in rules)}
    return ByNamed(
        names,
        lambda labels: [
            (common(rule, tenant, labels), all_match(rule.sources, labels))
            for rule in rules
            if all_match(rule.targets, labels)
        ],
    )
