"""Events as they are sent: versions 1 and 2 of the form, and what they come to.

Version 1 is read as the version 2 that it means (``_upcast``); a third version adds its form to
``FORMS`` and one step.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Raw

from quarterdeck.trail.ingest import texts
from quarterdeck.trail.ingest.refusal import EventRefused

Text = Annotated[str, Meta(min_length=1, max_length=400)]
Key = Annotated[str, Meta(min_length=1, max_length=200)]
Instant = Annotated[datetime, Meta(tz=True)]
Outcome = Literal["success", "failure", "denied"]

MAX_EVENT_BYTES = 512 * 1024
CURRENT = 2
NO_RAW = Raw()


class Party(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """Who acted, or on what."""

    type: Text
    id: Text


class Correlation(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """What belongs together."""

    trace: Text | None = None
    request: Text | None = None
    causation: Text | None = None


class Event(msgspec.Struct, forbid_unknown_fields=True):
    """An event, version 2."""

    occurred_at: Instant
    actor: Party
    action: Text
    resource: Party
    schema_version: Literal[2] = 2
    id: Key | None = None
    idempotency_key: Key | None = None
    outcome: Outcome = "success"
    decision: Literal["permit", "deny"] | None = None
    correlation: Correlation | None = None
    source: Text | None = None
    source_seq: Annotated[int, Meta(ge=1, le=(1 << 53) - 1)] | None = None
    payload: Raw = NO_RAW
    changes: Raw = NO_RAW

    @property
    def key(self) -> str | None:
        """What makes it exactly one record, where it says so itself."""
        return self.idempotency_key or self.id


class FlatEvent(msgspec.Struct, forbid_unknown_fields=True):
    """An event, version 1: flat."""

    schema_version: Literal[1]
    timestamp: Instant
    actor_id: Text
    action: Text
    resource_type: Text
    resource_id: Text
    actor_type: Text = "user"
    id: Key | None = None
    idempotency_key: Key | None = None
    outcome: Outcome = "success"
    data: Raw = NO_RAW


class _Versioned(msgspec.Struct):
    schema_version: Any = CURRENT


_current = msgspec.json.Decoder(Event)
_flat = msgspec.json.Decoder(FlatEvent)
_versioned = msgspec.json.Decoder(_Versioned)
_members = msgspec.json.Decoder(dict[str, Raw])

MISSING = re.compile(r"Object missing required field `(.+?)`(?: - at `\$(.*)`)?$")
UNKNOWN = re.compile(r"Object contains unknown field `(.*?)`(?: - at `\$(.*)`)?$", re.DOTALL)
ELSEWHERE = re.compile(r"(.*?)(?: - at `\$(.*)`)?$", re.DOTALL)

# Each of the two parties has two names; the flat form has no parties.
HIDING, PARTS = (b'" ', b'"\t', b'"\r', b'"\n'), 4


def event_of(raw: bytes) -> Event:
    """The event in one JSON text, which must be UTF-8 already checked.

    Raises:
        EventRefused: reason schema, version, field, type or size; and the field.
    """
    if len(raw) > MAX_EVENT_BYTES:
        raise EventRefused("size", "", f"an event has at most {MAX_EVENT_BYTES} bytes")
    parts = PARTS
    try:
        event = _current.decode(raw)
    except msgspec.ValidationError as error:
        event, parts = _otherwise(raw, error), 0
    except (msgspec.DecodeError, RecursionError) as error:
        texts.check_words(raw)
        raise EventRefused("schema", "", f"the event is not JSON: {error}") from error
    said = (("payload" if parts else "data", event.payload), ("changes", event.changes))
    texts.check_depth(raw, said)
    if not _is_once(raw, event, parts):
        _check_twice(raw)
    if b"\\u0000" in raw:
        _check_storable(event)
    texts.check_readable(raw, said)
    return event


def _otherwise(raw: bytes, error: msgspec.ValidationError) -> Event:
    """Another version's event; or why it is no event."""
    version = _version(raw)
    if type(version) is not int or version not in FORMS:
        raise EventRefused(
            "version",
            "schema_version",
            f"Field 'schema_version': {str(version)[:20]} is not known; there are "
            f"{', '.join(map(str, FORMS))}",
        )
    read = FORMS[version]
    if read is None:
        raise _told(error) from error
    try:
        return read(raw)
    except msgspec.ValidationError as broken:
        raise _told(broken) from broken


def _version(raw: bytes) -> object:
    try:
        return _versioned.decode(raw).schema_version
    except msgspec.ValidationError:
        return CURRENT


def _upcast(raw: bytes) -> Event:
    old = _flat.decode(raw)
    return Event(
        occurred_at=old.timestamp,
        actor=Party(old.actor_type, old.actor_id),
        action=old.action,
        resource=Party(old.resource_type, old.resource_id),
        id=old.id,
        idempotency_key=old.idempotency_key,
        outcome=old.outcome,
        payload=old.data,
    )


FORMS: Mapping[object, Callable[[bytes], Event] | None] = {1: _upcast, CURRENT: None}
"""How each version is read; None: as it stands."""


def _told(error: msgspec.ValidationError) -> EventRefused:
    """What msgspec found, in the words of the runbook."""
    words = str(error)
    if missing := MISSING.match(words):
        field = _joined(missing[2], missing[1])
        return EventRefused("field", field, f"Required field '{field}' missing")
    if unknown := UNKNOWN.match(words):
        field = _joined(unknown[2], unknown[1])[:100]
        return EventRefused("schema", field, f"Field '{field}' is not part of an event")
    found = ELSEWHERE.match(words)
    field = _joined(found[2], "") if found else ""
    rest = found[1] if found else words
    return EventRefused("type", field, f"Field '{field or 'event'}': {rest}")


def _joined(place: str | None, name: str) -> str:
    return ".".join(part for part in ((place or "").lstrip("."), name) if part)


def _is_once(raw: bytes, event: Event, parts: int) -> bool:
    """Whether each name of the envelope surely stands once: False may be wrong, True never is.

    Each member has a name's end (``":``); if there are no more of them than names that differ,
    none stands twice. White space before a colon would hide one. ``parts``: names that surely
    stand in objects within it.
    """
    envelope = _without(_without(raw, event.payload), event.changes)
    told = event.correlation
    differ = len(_members.decode(raw)) + parts
    if told is not None:
        differ += len(_members.decode(_members.decode(raw)["correlation"]))
    return envelope.count(b'":') == differ and shows_names(envelope)


def shows_names(text: bytes) -> bool:
    """Whether no white space hides a name from who counts ``":``. Only True is sure."""
    return len(text.split(None, 1)) == 1 or not any(map(text.count, HIDING))


def _check_twice(raw: bytes) -> None:
    pairs = json.loads(raw, object_pairs_hook=_Pairs)
    _refuse_twice(pairs, "")
    for name in ("actor", "resource", "correlation"):
        inner = dict(pairs).get(name)
        if isinstance(inner, _Pairs):
            _refuse_twice(inner, f"{name}.")


def _without(raw: bytes, inner: Raw) -> bytes:
    text = bytes(inner)
    # Searching for the whole text costs more than reading the event.
    at = raw.find(text[:24]) if text else -1
    return raw[:at] + raw[at + len(text) :] if at >= 0 and raw.startswith(text, at) else raw


class _Pairs(list[tuple[str, Any]]):
    """The members of an object, as they stand."""


def _refuse_twice(pairs: _Pairs, place: str) -> None:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise EventRefused("schema", place + name, f"Field '{place}{name}' stands twice")
        seen.add(name)


def _check_storable(event: Event) -> None:
    named = {
        "actor.type": event.actor.type,
        "actor.id": event.actor.id,
        "action": event.action,
        "resource.type": event.resource.type,
        "resource.id": event.resource.id,
        "id": event.id or "",
        "idempotency_key": event.idempotency_key or "",
    }
    for field, text in named.items():
        if "\0" in text:
            raise EventRefused("type", field, f"Field '{field}' has a NUL character")
