"""/api/v2/alerts: alerts in, and those that fire."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any

import msgspec
import orjson
from fastapi import Depends, Query, Response

from quarterdeck.api.operations.alertmanager import forms
from quarterdeck.api.operations.alertmanager.paths import (
    JSON_TYPE,
    Raw,
    both,
    meant,
    refused,
    schema_fault,
    unreadable,
)
from quarterdeck.kernel.work import Work
from quarterdeck.operations.alerts.pushed import wrong
from quarterdeck.operations.alerts.service import pushing
from quarterdeck.operations.routing.service import muting
from quarterdeck.operations.routing.service.configuring import resolve_timeout
from quarterdeck.operations.routing.service.muting import Seen
from quarterdeck.operations.silences.matchers import (
    BadMatcher,
    Matchers,
    compiled,
    parse_all,
)
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.routes import Router

router = Router(tags=["alertmanager"])

MOST = 2000  # alerts of one request: who else writes waits for it

Receiver = Annotated[str, Query(max_length=1000, description="A regular expression.")]
Filters = Annotated[list[str], Query(default_factory=list, alias="filter", max_length=100)]


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """Which alerts are asked for."""

    matchers: Matchers
    active: bool
    silenced: bool
    inhibited: bool
    receiver: str = ""

    def takes(self, one: Seen, status: Mapping[str, Any]) -> bool:
        """Whether an alert with this status is among them."""
        if self.receiver and not any(map(self._names, one.receivers)):
            return False
        muted = (bool(status["silencedBy"]), bool(status["inhibitedBy"]))
        if muted == (False, False):
            return self.active
        return (self.silenced or not muted[0]) and (self.inhibited or not muted[1])

    def _names(self, receiver: str) -> bool:
        return compiled(self.receiver).fullmatch(receiver) is not None


@both(router, "POST", "/alerts", "alerts:push", body=True, silent=True)
def push_alerts(raw: Raw, tenant: Annotated[str, meant("alerts:push")], work: InWork) -> Response:
    """Take alerts in, as Prometheus pushes them. Durable once answered.

    Those that are as they should be are taken, also where others are refused.
    """
    try:
        posted = forms.ALERTS.decode(raw)
    except msgspec.ValidationError as error:
        return schema_fault(str(error))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return unreadable(str(error))
    if len(posted) > MOST:
        return refused(400, f"more than {MOST} alerts in one request; send them in parts")
    return _pushed(work, tenant, posted, resolve_timeout(work, tenant))


def shown_of(
    wanted: Filters,
    receiver: Receiver = "",
    *,
    active: bool = True,
    silenced: bool = True,
    inhibited: bool = True,
    unprocessed: bool = True,
) -> Shown | BadMatcher:
    """Which alerts a request asks for, or why that cannot be read."""
    del unprocessed  # whatever is here has been looked at
    try:
        matchers = parse_all(wanted)
        compiled(receiver)
    except BadMatcher as error:
        return error
    return Shown(
        matchers=matchers,
        active=active,
        silenced=silenced,
        inhibited=inhibited,
        receiver=receiver,
    )


InShown = Annotated[Shown | BadMatcher, Depends(shown_of)]


@both(router, "GET", "/alerts", "alerts:read")
def get_alerts(
    tenant: Annotated[str, meant("alerts:read")], work: InRead, shown: InShown
) -> Response:
    """Alerts that fire, whether they wake somebody or not."""
    if isinstance(shown, BadMatcher):
        return refused(400, str(shown))
    return Response(listed(work, tenant, shown), media_type=JSON_TYPE)


@both(router, "GET", "/alerts/groups", "alerts:read")
def get_alert_groups(
    tenant: Annotated[str, meant("alerts:read")], work: InRead, shown: InShown
) -> Response:
    """Alerts that fire, as they are put together for their receivers."""
    if isinstance(shown, BadMatcher):
        return refused(400, str(shown))
    return Response(orjson.dumps(grouped(work, tenant, shown)), media_type=JSON_TYPE)


def _pushed(
    work: Work, tenant: str, posted: Sequence[forms.PostedAlert], timeout: timedelta
) -> Response:
    pushes = [forms.push_of(one, work.now, timeout) for one in posted]
    faults = [why for one in pushes if (why := wrong(one))]
    pushing.push(work, tenant, [one for one in pushes if not wrong(one)] if faults else pushes)
    return refused(400, "; ".join(faults[:20])) if faults else Response(status_code=200)


def listed(work: Work, tenant: str, shown: Shown) -> bytes:
    """GettableAlerts, in the order of fingerprints, as JSON: of each part no more is kept."""
    parts = (
        orjson.dumps(
            [
                forms.alert_body(one.alert, one.receivers, status)
                for one in part
                if shown.takes(one, status := status_of(one))
            ]
        )
        for part in muting.seen(work, tenant, shown.matchers)
    )
    return b"[" + b",".join(part[1:-1] for part in parts if part != b"[]") + b"]"


def grouped(work: Work, tenant: str, shown: Shown) -> list[dict[str, Any]]:
    """AlertGroups, by their labels and receivers."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    every = (one for part in muting.seen(work, tenant, shown.matchers) for one in part)
    for one in every:
        if shown.takes(one, status := status_of(one)):
            body = forms.alert_body(one.alert, one.receivers, status)
            for route in one.routes:
                labels = route.group_of(one.alert.sign.labels)
                group = {"labels": labels, "receiver": {"name": route.receiver}, "alerts": []}
                key = (json.dumps(labels), route.receiver)
                found.setdefault(key, group)["alerts"].append(body)
    return [found[key] for key in sorted(found)]


def status_of(one: Seen) -> dict[str, Any]:
    """The status of a GettableAlert."""
    return {
        "inhibitedBy": one.muting.inhibitors,
        "mutedBy": [],
        "silencedBy": one.muting.silences,
        "state": "suppressed" if one.muting else "active",
    }
