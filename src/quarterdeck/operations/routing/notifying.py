"""When a receiver is told of a group, and in which words. Pure.

The rules are Alertmanager's: notify.DedupStage.needsUpdate, template.Data, and the webhook's
JSON, version 4.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cmp_to_key
from typing import Any

from quarterdeck.operations.alerts.model import Alert, AlertState
from quarterdeck.operations.routing.model import Labels

NO_TIME = "0001-01-01T00:00:00Z"
FIRST_OF_ALL = ("job", "instance")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a receiver knows of a group: fingerprints, by what it was told of them, and when."""

    firing: frozenset[str]
    resolved: frozenset[str]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A group as it is: its alerts that nothing mutes, one a fingerprint.

    Attributes:
        held: fingerprints of those that fire and somebody looks after.
    """

    firing: frozenset[str]
    resolved: frozenset[str]
    held: frozenset[str] = frozenset()


def standing(alerts: Sequence[Alert], now: datetime) -> Standing:
    """``alerts`` as a receiver is to see them."""
    firing = [one for one in alerts if one.fires(now)]
    held = [one for one in firing if one.state is AlertState.ACKNOWLEDGED]
    return Standing(
        firing=frozenset(one.fingerprint for one in firing),
        resolved=frozenset(one.fingerprint for one in alerts if not one.fires(now)),
        held=frozenset(one.fingerprint for one in held),
    )


def wants(
    told: Told | None, group: Standing, *, resolved_too: bool, repeat: timedelta, now: datetime
) -> bool:
    """Whether a receiver is told now.

    Ours alone: what is repeated is what nobody looks after. A group whose alerts are all
    acknowledged is quiet until one comes, or ends.
    """
    if told is None:
        return bool(group.firing)
    if not group.firing <= told.firing:
        return True
    if not group.firing:
        return bool(told.firing)
    if resolved_too and not group.resolved <= told.resolved:
        return True
    return told.at < now - repeat and not group.firing <= group.held


def body(
    alerts: Sequence[Alert], receiver: str, group: Mapping[str, str], key: str, about: "About"
) -> bytes:
    """The webhook's JSON, version 4."""
    every = sorted(alerts, key=cmp_to_key(_before))
    shown = every[: about.most or len(every)]
    document = {
        "receiver": receiver,
        "status": "firing" if any(one.fires(about.now) for one in shown) else "resolved",
        "alerts": [_alert(one, about.now) for one in shown],
        "groupLabels": dict(group),
        "commonLabels": _common([one.sign.labels for one in shown]),
        "commonAnnotations": _common([one.sign.annotations for one in shown]),
        "externalURL": about.url,
        "version": "4",
        "groupKey": key,
        "truncatedAlerts": len(every) - len(shown),
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a body needs besides its alerts.

    Attributes:
        url: where this installation is reached.
        most: alerts in it; 0: all.
    """

    now: datetime
    url: str
    most: int = 0


def _alert(alert: Alert, now: datetime) -> dict[str, Any]:
    fires = alert.fires(now)
    over = alert.ends_at or alert.expires_at or now
    return {
        "status": "firing" if fires else "resolved",
        "labels": dict(alert.sign.labels),
        "annotations": dict(alert.sign.annotations),
        "startsAt": _moment(alert.starts_at),
        "endsAt": NO_TIME if fires else _moment(over),
        "generatorURL": alert.sign.generator_url,
        "fingerprint": alert.fingerprint,
    }


def _moment(at: datetime) -> str:
    """As Go writes RFC 3339 with as many digits as there are."""
    text = at.astimezone(UTC).isoformat().replace("+00:00", "")
    return (text.rstrip("0") if "." in text else text) + "Z"


def _common(sets: Sequence[Labels]) -> dict[str, str]:
    first, *others = sets
    return {k: v for k, v in sorted(first.items()) if all(one.get(k) == v for one in others)}


def _before(one: Alert, other: Alert) -> int:
    """types.AlertSlice.Less: by job and instance, then model.LabelSet.Before."""
    a, b = one.sign.labels, other.sign.labels
    for name in FIRST_OF_ALL:
        if a.get(name) != b.get(name):
            return -1 if name not in b or (name in a and a[name] < b[name]) else 1
    if len(a) != len(b):
        return -1 if len(a) < len(b) else 1
    for name in sorted({*a, *b}):
        if a.get(name) != b.get(name):
            return -1 if name not in a or (name in b and a[name] < b[name]) else 1
    return 0
