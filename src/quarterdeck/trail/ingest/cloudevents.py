"""CloudEvents 1.0, as JSON (structured, single and batch) or in headers (binary).

One whose data is an event of ours is that event; else its attributes say it: ``type`` is the
action, the extensions ``actorid``, ``actortype``, ``resourceid``, ``resourcetype``, ``outcome``
the rest, ``subject`` the resource's id where that is missing, and ``data`` the payload.
(github.com/cloudevents/spec, v1.0.2.)
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import msgspec

from quarterdeck.trail.ingest.intake import Offered
from quarterdeck.trail.ingest.refusal import EventRefused
from quarterdeck.trail.ingest.wire import event_of

VERSION = "1.0"
REQUIRED = ("id", "source", "type")
PREFIX = "ce-"
OURS = {"actor", "action", "resource"}


def structured(raw: bytes) -> Offered:
    """One event from its JSON form."""
    try:
        told = msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as error:
        return Offered(raw, event=EventRefused("schema", "", f"no CloudEvent: {error}"))
    return _offered(raw, told)


def binary(headers: Mapping[str, str], body: bytes) -> Offered:
    """One event whose attributes are headers, and whose data is the body."""
    told: dict[str, Any] = {
        name.removeprefix(PREFIX): unquote(value)
        for name, value in headers.items()
        if name.startswith(PREFIX)
    }
    raw = msgspec.json.encode(told) + body
    try:
        told["data"] = msgspec.json.decode(body) if body else None
    except (msgspec.DecodeError, RecursionError) as error:
        return Offered(raw, event=EventRefused("schema", "data", f"the data is not JSON: {error}"))
    return _offered(raw, told)


def is_binary(headers: Mapping[str, str]) -> bool:
    """Whether a request's headers are a CloudEvent's attributes."""
    return f"{PREFIX}specversion" in headers


def _offered(raw: bytes, told: dict[str, Any]) -> Offered:
    try:
        _check(told)
        event = event_of(msgspec.json.encode(_meant(told)))
    except EventRefused as refusal:
        return Offered(raw, event=refusal)
    except RecursionError:  # it could just be read, and is written one level deeper
        return Offered(raw, event=EventRefused("size", "data", "Field 'data': nests too deep"))
    # Unique by source and id together, says the specification.
    return Offered(raw, key=f"{told['source']} {told['id']}"[:400], event=event)


def _check(told: dict[str, Any]) -> None:
    version = told.get("specversion")
    if version != VERSION:
        raise EventRefused(
            "version", "specversion", f"specversion is {VERSION!r}, not {str(version)[:20]!r}"
        )
    for name in REQUIRED:
        if not isinstance(told.get(name), str) or not told[name]:
            raise EventRefused("field", name, f"Required field '{name}' missing")


def _meant(told: dict[str, Any]) -> dict[str, Any]:
    data = _data(told)
    if isinstance(data, dict) and data.keys() >= OURS:
        return {"occurred_at": told.get("time"), **data}
    found: dict[str, Any] = {
        "action": told["type"],
        "actor": _party(told, "actor", "program"),
        "resource": _party(told, "resource", "subject"),
        "outcome": told.get("outcome", "success"),
        "payload": {"source": told["source"], "data": data},
    }
    if "time" in told:
        found["occurred_at"] = told["time"]
    return found


def _party(told: dict[str, Any], which: str, kind: str) -> dict[str, Any]:
    otherwise = told.get("subject") if which == "resource" else told["source"]
    party = {"type": told.get(f"{which}type", kind)}
    name = told.get(f"{which}id", otherwise)
    return party if name is None else party | {"id": name}


def _data(told: dict[str, Any]) -> Any:  # noqa: ANN401  any JSON
    if "data_base64" not in told:
        return told.get("data")
    try:
        return msgspec.json.decode(base64.b64decode(told["data_base64"], validate=True))
    except (binascii.Error, TypeError, ValueError, RecursionError) as error:
        raise EventRefused("type", "data_base64", "data_base64 holds no JSON in base64") from error
