"""A group of alerts in words that every channel can show. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from quarterdeck.operations.alerts.model import Alert, Severity
from quarterdeck.operations.messages.model import Content, Urgency

ORDER = {severity: place for place, severity in enumerate(Severity)}
SHOWN = 20
"""Alerts that are named; how many others there are is said."""

HIDDEN = ("alertname", "severity")
WITHIN_AN_HOUR = "within_1_hour"


def wording(alerts: Sequence[Alert], group: Mapping[str, str], url: str, now: datetime) -> Content:
    """What a channel is told of a group: those that fire first, the worst of them first."""
    every = sorted(alerts, key=lambda one: (not one.fires(now), ORDER[one.sign.severity], one.id))
    firing = [one for one in every if one.fires(now)]
    return Content(
        title=_title(every, firing, group),
        text="\n\n".join(_texts(every, now)),
        severity=(firing or every)[0].sign.severity.value,
        state="firing" if firing else "resolved",
        facts=tuple(_facts(every, group)),
        links=tuple(dict.fromkeys(_links(every[:SHOWN], url))),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the outbox is given: the words, and how soon they must be told."""

    content: Content
    urgency: Urgency

    def written(self) -> str:
        """As a notification keeps it."""
        return msgspec.json.encode(self).decode()


def told(text: str) -> Told:
    """What ``written`` wrote."""
    return msgspec.json.decode(text, type=Told)


def is_told(text: str) -> bool:
    """Whether it is what ``written`` wrote, and not the body of a webhook."""
    try:
        told(text)
    except msgspec.DecodeError:
        return False
    return True


def urgency_of(alerts: Sequence[Alert]) -> Urgency:
    """How soon it must be told: within an hour where all of them say that this will do."""
    may_wait = [one.sign.annotations.get("notification") == WITHIN_AN_HOUR for one in alerts]
    return Urgency.BATCH if alerts and all(may_wait) else Urgency.PROMPT


def _title(every: Sequence[Alert], firing: Sequence[Alert], group: Mapping[str, str]) -> str:
    if len(every) == 1:
        return every[0].sign.title
    names = dict.fromkeys(one.sign.type for one in every)
    what = ", ".join(list(names)[:3]) + (" …" if len(names) > 3 else "")  # noqa: PLR2004  enough
    place = " ".join(f"{k}={v}" for k, v in sorted(group.items()) if k not in HIDDEN)
    many = f"{len(firing)} firing" if firing else f"{len(every)} resolved"
    return f"{what}: {many}" + (f" ({place})" if place else "")


def _texts(every: Sequence[Alert], now: datetime) -> Iterator[str]:
    for one in every[:SHOWN]:
        said = one.sign.annotations
        more = [said[name] for name in ("description", "message") if said.get(name)]
        labels = ", ".join(
            f"{k}={v}" for k, v in sorted(one.sign.labels.items()) if k not in HIDDEN
        )
        when = f"since {_moment(one.starts_at)}"
        if not one.fires(now):
            when = f"ended {_moment(one.ends_at or one.expires_at or now)}"
        head = f"{one.sign.title} ({when})" if len(every) > 1 else when.capitalize()
        yield "\n".join([head, *more, *([labels] if labels and len(every) > 1 else [])])
    if len(every) > SHOWN:
        yield f"and {len(every) - SHOWN} more"


def _facts(every: Sequence[Alert], group: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    shown = every[0].sign.labels if len(every) == 1 else group
    for label, value in sorted(shown.items()):
        if label not in HIDDEN:
            yield label, value


def _links(every: Sequence[Alert], url: str) -> Iterator[tuple[str, str]]:
    if "://" in url:
        yield "Alerts", f"{url.rstrip('/')}/alerts"
    for one in every:
        runbook = one.sign.annotations.get("runbook_url", "")
        if "://" in runbook:
            yield f"Runbook: {one.sign.type}", runbook
        if "://" in one.sign.generator_url:
            yield f"Source: {one.sign.type}", one.sign.generator_url


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
