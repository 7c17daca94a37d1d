"""Puts alerts into their groups."""

from datetime import datetime

from sqlalchemy import Connection

from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.alerts.labels import fingerprint
from quarterdeck.operations.alerts.model import Alert
from quarterdeck.operations.alerts.service import placing as alerts
from quarterdeck.operations.routing.ids import worked_out
from quarterdeck.operations.routing.model import Config, Inhibition, Labels, Route
from quarterdeck.operations.routing.store import configs, groups, leaving
from quarterdeck.operations.routing.store.groups import Group
from quarterdeck.operations.routing.store.leaving import Left
from quarterdeck.operations.silences.matchers import all_match


def waiting(db: Connection) -> set[str]:
    """Tenants with alerts to put into groups, and a configuration that says how."""
    unplaced = alerts.tenants_with_unplaced(db)
    return unplaced & configs.configured(db).keys() if unplaced else set()


def stalled(db: Connection, before: datetime) -> bool:
    """Whether alerts of before then wait to be put into groups, or groups for their turn.

    Nobody dispatches, or by a configuration that can be read no more.
    """
    late = alerts.tenants_with_unplaced(db, before)
    return bool(groups.due(db, before) or (late and late & configs.configured(db).keys()))


def place(work: Work, tenant: str, config: Config) -> int:
    """Put some alerts into their groups; how many. A new group waits for others to come."""
    own = Tenants(frozenset({tenant}))
    groups.take_turn(work.db, own, work.now)
    found = alerts.unplaced(work, own)
    if not found:
        return 0
    ids = [alert.id for alert in found]
    leaving.part(work.db, own, [one for alert in found for one in _left(work, alert)])
    groups.leave(work.db, own, ids)  # those whose labels have changed were in others
    made: dict[str, Group] = {}
    pairs: set[tuple[str, int]] = set()
    for alert in found:
        for route in config.root.match(alert.sign.labels):
            group = _group(work, route, alert)
            if group.id not in made or group.due_at < made[group.id].due_at:
                made[group.id] = group
            pairs.add((group.id, alert.id))
    groups.put(work.db, own, list(made.values()))
    groups.join(work.db, own, sorted(pairs))
    groups.add_sources(work.db, own, [s for alert in found for s in _sources(config, alert)])
    alerts.placed(work, own, ids, configs.number(work.db, own))
    return len(found)


def common(rule: Inhibition, tenant: str, labels: Labels) -> str:
    """What a source and its targets have in common, as one word."""
    return worked_out(tenant, rule.id, rule.same(labels))


def _group(work: Work, route: Route, alert: Alert) -> Group:
    labels, tenant = route.group_of(alert.sign.labels), alert.sign.tenant
    late = alert.starts_at + route.group_wait < work.now
    return Group(
        id=worked_out(tenant, route.id, labels),
        tenant=tenant,
        route=route.id,
        key=route.group_key(labels),
        labels=labels,
        due_at=work.now if late else work.now + route.group_wait,
        flushed=False,
    )


def _left(work: Work, alert: Alert) -> list[Left]:
    """What it was in its groups, if its labels have changed since."""
    if alert.was is None or alert.was == alert.sign.labels:
        return []
    printed = fingerprint(alert.was)
    return [Left(alert=alert.id, fingerprint=printed, labels=alert.was, at=work.now)]


def _sources(config: Config, alert: Alert) -> list[tuple[str, int, bool]]:
    labels = alert.sign.labels
    return [
        (
            common(rule, alert.sign.tenant, alert.sign.labels),
            alert.id,
            all_match(rule.targets, labels),
        )
        for rule in config.inhibitions
        if all_match(rule.sources, labels)
    ]
