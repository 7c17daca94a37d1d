"""Alerts that this platform raises itself."""

from collections.abc import Mapping
from dataclasses import replace

from quarterdeck.events.operations import AlertEnded, AlertFired
from quarterdeck.kernel.db import BULK_ROWS
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.alerts.model import LIVE, Alert, Change, Filter, Severity, Sign
from quarterdeck.operations.alerts.store import live, queries

RANK = list(Severity)


def fire(work: Work, sign: Sign) -> None:
    """Begin an alert, or note that the one under the sign's key still fires."""
    # Routing goes by labels, and most of it by this one.
    sign = replace(sign, labels={"severity": sign.severity.value, **sign.labels})
    own = Tenants(frozenset({sign.tenant}))
    old = queries.firing(work.db, own, sign.key)
    if old is not None:
        _renew(work, own, old, sign)
        return
    made = live.add(work.db, own, [live.row_of(sign, work.now)])
    for alert in made.values():
        work.publish(told(sign, alert))


def clear(work: Work, tenant: str, key: str) -> None:
    """End the alert under ``key``, if one fires: its cause has passed."""
    own = Tenants(frozenset({tenant}))
    found = queries.firing(work.db, own, key)
    if found is not None and live.end(work.db, own, [found.id], work.now, ""):
        work.publish(AlertEnded(tenant=tenant, alert=str(found.id), type=found.sign.type))


def clear_about(work: Work, tenant: str, kind: str, labels: Mapping[str, str]) -> None:
    """End all of a type that fire and bear ``labels``: what they are about is gone."""
    own = Tenants(frozenset({tenant}))
    wanted = Filter(states=LIVE, types=(kind,), labels=tuple(labels.items()))
    ids = queries.ids(work.db, own, wanted, BULK_ROWS)
    for row in live.end(work.db, own, ids, work.now, "") if ids else ():
        work.publish(AlertEnded(tenant=tenant, alert=str(row.id), type=row.type))


def told(sign: Sign, alert: int) -> AlertFired:
    """What the platform is told of an alert that begins."""
    return AlertFired(
        tenant=sign.tenant,
        alert=str(alert),
        type=sign.type,
        severity=sign.severity.value,
        title=sign.title,
    )


def relabel(work: Work, own: Tenants, old: Alert, sign: Sign) -> None:
    """Put an alert under the labels that its sign has now; it keeps that it grew worse."""
    live.relabel(work.db, own, old, sign)
    _raise(work, old, sign)


def _renew(work: Work, own: Tenants, old: Alert, sign: Sign) -> None:
    live.renew_sign(work.db, own, old, sign, work.now)
    _raise(work, old, sign)


def _raise(work: Work, old: Alert, sign: Sign) -> None:
    if RANK.index(sign.severity) < RANK.index(old.sign.severity):
        words = f"{old.sign.severity} to {sign.severity}"
        live.note_one(work.db, old, Change(at=work.now, state="raised", words=words))
