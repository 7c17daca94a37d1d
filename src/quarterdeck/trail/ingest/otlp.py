"""OpenTelemetry logs as audit events: which attribute says what, whatever the encoding.

``audit.action`` or the event's name, ``audit.actor.id`` (or ``enduser.id``, ``user.id``),
``audit.actor.type``, ``audit.resource.type`` and ``.id`` (or the service), ``audit.outcome``,
``log.record.uid`` as the key. Body, severity and all other attributes are the payload.
(opentelemetry.io/docs/specs/otlp, JSON encoding.)
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from quarterdeck.trail.ingest.intake import Offered
from quarterdeck.trail.ingest.refusal import EventRefused
from quarterdeck.trail.ingest.wire import Event, event_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ACTORS = ("audit.actor.id", "enduser.id", "user.id")
ACTIONS = ("audit.action", "event.name")
SAID = {"audit.actor.type", "audit.resource.type", "audit.resource.id", "audit.outcome"}
KEY = "log.record.uid"
MAX_NESTED = 32

Json = dict[str, Any]


def offered(body: bytes) -> list[Offered]:
    """The log records of an ExportLogsServiceRequest in JSON; raise EventRefused if it is none."""
    try:
        return records_of(msgspec.json.decode(body, type=Json))
    except (msgspec.DecodeError, RecursionError) as error:
        raise EventRefused("schema", "", f"the body is not JSON: {error}") from error


def records_of(request: Json) -> list[Offered]:
    """Its log records, once it is read; raise EventRefused if it is none."""
    try:
        return [
            _offered(record, about)
            for resource in request.get("resourceLogs", [])
            for about in (_attributes(resource.get("resource", {}).get("attributes", [])),)
            for scope in resource.get("scopeLogs", [])
            for record in scope.get("logRecords", [])
        ]
    except (AttributeError, TypeError, KeyError, ValueError) as error:
        raise EventRefused("schema", "", "the body is no ExportLogsServiceRequest") from error


def _offered(record: Json, about: Mapping[str, Any]) -> Offered:
    raw = msgspec.json.encode(record)
    told = _attributes(record.get("attributes", []))
    key = told.pop(KEY, None)
    event: Event | EventRefused
    try:
        event = event_of(msgspec.json.encode(_meant(record, told, about)))
    except EventRefused as refusal:
        event = refusal
    return Offered(raw, key=None if key is None else str(key)[:400], event=event)


def _meant(record: Json, told: dict[str, Any], about: Mapping[str, Any]) -> Json:
    found: Json = {
        "occurred_at": _moment(record),
        "actor": {"type": told.get("audit.actor.type", "user"), "id": _first(told, ACTORS)},
        "action": record.get("eventName") or _first(told, ACTIONS),
        "resource": {
            "type": told.get("audit.resource.type", "service"),
            "id": told.get("audit.resource.id") or about.get("service.name"),
        },
        "outcome": told.get("audit.outcome", "success"),
        "payload": {
            "attributes": {n: v for n, v in told.items() if n not in {*ACTORS, *ACTIONS, *SAID}},
            "body": _value(record.get("body", {}), 0),
            "resource": dict(about),
            "severity": record.get("severityText", ""),
        },
    }
    if record.get("traceId"):
        found["correlation"] = {"trace": record["traceId"]}
    for name in ("actor", "resource"):
        found[name] = {key: str(value) for key, value in found[name].items() if value is not None}
    return {name: value for name, value in found.items() if value is not None}


def _first(told: Mapping[str, Any], names: tuple[str, ...]) -> Any:  # noqa: ANN401  any JSON
    return next((told[name] for name in names if name in told), None)


def _moment(record: Json) -> str | None:
    nanos = int(record.get("timeUnixNano") or record.get("observedTimeUnixNano") or 0)
    try:
        return (EPOCH + timedelta(microseconds=nanos // 1000)).isoformat() if nanos else None
    except OverflowError:
        return None


def _attributes(given: list[Json]) -> dict[str, Any]:
    return {str(one.get("key", "")): _value(one.get("value", {}), 0) for one in given}


def _value(given: Json, depth: int) -> Any:  # noqa: ANN401  any JSON
    """An AnyValue, which names its type."""
    if depth > MAX_NESTED:
        raise EventRefused("size", "", f"a value nests at most {MAX_NESTED} deep")
    for kind, value in given.items():
        if kind == "intValue":
            return int(value)
        if kind == "arrayValue":
            return [_value(one, depth + 1) for one in value.get("values", [])]
        if kind == "kvlistValue":
            return {
                one.get("key", ""): _value(one.get("value", {}), depth + 1)
                for one in value.get("values", [])
            }
        return value
    return None
