"""What of an event's payload and changes stays in clear, and what is committed."""

from collections.abc import Iterator
from functools import lru_cache
from operator import add
from typing import Any

import msgspec
import orjson
from msgspec import Raw

from quarterdeck.trail.ingest.refusal import EventRefused
from quarterdeck.trail.ingest.wire import Event, shows_names
from quarterdeck.trail.log.disclosure import path_of
from quarterdeck.trail.log.record import Class
from quarterdeck.trail.policy.compiled import Plan, Timed, Verdict
from quarterdeck.trail.policy.model import KEYS

MAX_SUBJECT = 400
NULL = b"null"
_members = msgspec.json.Decoder(dict[str, Raw])


class Hidden(msgspec.Struct, frozen=True, gc=False):
    """A committed field: its path, its JSON text, and whom it is about."""

    path: str
    text: bytes
    subject: str


class Fields(msgspec.Struct):
    """An event's fields, divided.

    Attributes:
        payload, changes: JSON text of what stays in clear; None: nothing was given.
        classes: class by path.
        text: ``classes`` in canonical JSON; empty: not written yet.
    """

    payload: bytes | None = None
    changes: bytes | None = None
    classes: dict[str, str] = {}
    hidden: list[Hidden] = []
    text: bytes = b""

    @property
    def classes_text(self) -> bytes:
        """``classes`` in canonical JSON."""
        return self.text or orjson.dumps(self.classes, option=orjson.OPT_SORT_KEYS)

    @property
    def size(self) -> int:
        """Bytes that they take in an entry, about; twice as many at most."""
        clear = len(self.payload or b"") + len(self.changes or b"")
        return clear + 100 * len(self.classes)


def divided(event: Event, timed: Timed) -> Fields:
    """The fields of ``event`` by their classes; raise EventRefused where one may not come."""
    found = Fields()
    if event.payload and bytes(event.payload) != NULL:
        _payload(found, event, timed)
    if event.changes and bytes(event.changes) != NULL:
        found.classes, found.text = dict(found.classes), b""
        found.changes = _changes(found, event, timed)
    return found


About = tuple[Event, Timed, dict[str, Raw]]
"""The event, its classifier, and its payload's members."""


def _payload(found: Fields, event: Event, timed: Timed) -> None:
    members = _object(event.payload, "payload")
    names = tuple(members)
    plan = timed.plan(names) or _planned(timed, names)
    if plan.clear and not plan.deep and _is_once(text := bytes(event.payload), names):
        found.payload, found.classes, found.text = text, plan.classes, plan.text
        return
    values = tuple(map(bytes, members.values()))
    if plan.deep and any(values[place].startswith(b"{") for place in plan.deep):
        found.payload = _divide(found, members, ("payload",), (event, timed, members))
        return
    found.classes, found.text = plan.classes, plan.text
    if plan.clear:
        found.payload = b"{" + b",".join(map(add, plan.starts, values)) + b"}"
        return
    clear = []
    for start, path, verdict, text in zip(
        plan.starts, plan.paths, plan.verdicts, values, strict=True
    ):
        if verdict.cls == Class.PUBLIC:
            clear.append(start + text)
        else:
            found.hidden.append(_hidden(path, text, verdict, (event, timed, members)))
    found.payload = b"{" + b",".join(clear) + b"}"


def _is_once(text: bytes, names: tuple[str, ...]) -> bool:
    """Whether no name stands twice: then the text may stay as it came. Only True is sure."""
    return text.count(b'":') == len(names) and shows_names(text)


def _planned(timed: Timed, names: tuple[str, ...]) -> Plan:
    named = [_named(("payload",), name) for name in names]
    paths = tuple(path for path, _ in named)
    verdicts = tuple(map(timed.verdict, paths))
    classes = {path: verdict.cls for path, verdict in zip(paths, verdicts, strict=True)}
    plan = Plan(
        starts=tuple(start for _, start in named),
        paths=paths,
        verdicts=verdicts,
        classes=classes,
        text=orjson.dumps(classes, option=orjson.OPT_SORT_KEYS),
        clear=all(verdict.cls == Class.PUBLIC for verdict in verdicts),
        deep=tuple(place for place, verdict in enumerate(verdicts) if verdict.deep),
    )
    timed.keep(names, plan)
    return plan


def _changes(found: Fields, event: Event, timed: Timed) -> bytes:
    sides = _object(event.changes, "changes")
    if unknown := sides.keys() - {"before", "after"}:
        name = f"changes.{min(unknown)[:60]}"
        raise EventRefused("schema", name, f"Field '{name}' is not part of an event")
    payload = _object(event.payload, "payload") if event.payload else {}
    return _divide(found, sides, ("changes",), (event, timed, payload), whole=False)


def _divide(
    found: Fields,
    members: dict[str, Raw],
    above: tuple[str, ...],
    about: About,
    *,
    whole: bool = True,
) -> bytes:
    """The text of what of ``members`` stays in clear. Not ``whole``: look into each object."""
    clear: list[bytes] = []
    for name, raw in members.items():
        path, start = _named(above, name)
        text = bytes(raw)
        verdict = about[1].verdict(path)
        if (verdict.deep or not whole) and text.startswith(b"{"):
            inner = _object(raw, ".".join((*above, name)))
            clear.append(start + _divide(found, inner, (*above, name), about))
            continue
        if text == NULL and not whole:
            clear.append(start + text)
            continue
        found.classes[path] = verdict.cls
        if verdict.cls == Class.PUBLIC:
            clear.append(start + text)
        else:
            found.hidden.append(_hidden(path, text, verdict, about))
    return b"{" + b",".join(clear) + b"}"


def _hidden(path: str, text: bytes, verdict: Verdict, about: About) -> Hidden:
    if verdict.cls == KEYS:
        name = path.removeprefix("/").replace("/", ".")
        raise EventRefused("class", name, f"Field '{name}' is a secret key, which no log may hold")
    return Hidden(path, text, subject_of(about[0], verdict.subject, about[2]))


def subject_of(event: Event, said: str, payload: dict[str, Raw]) -> str:
    """Whom a field is about; the actor, where what the rule names is not there."""
    if said == "resource":
        return f"{event.resource.type}:{event.resource.id}"[:MAX_SUBJECT]
    if said != "actor":
        *_, last = names = said.split("/")[2:]
        value = _at(payload, iter(names))
        if isinstance(value, str | int) and not isinstance(value, bool):
            return f"{last}:{value}"[:MAX_SUBJECT]
    return f"{event.actor.type}:{event.actor.id}"[:MAX_SUBJECT]


def _at(members: dict[str, Raw], names: Iterator[str]) -> Any:  # noqa: ANN401  any JSON
    raw = members.get(next(names))
    value = None if raw is None else msgspec.json.decode(raw)
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _object(raw: Raw, name: str) -> dict[str, Raw]:
    try:
        return _members.decode(raw)
    except (msgspec.DecodeError, RecursionError) as error:
        raise EventRefused("type", name, f"Field '{name}': Expected `object`") from error


@lru_cache(maxsize=16_384)
def _named(above: tuple[str, ...], name: str) -> tuple[str, bytes]:
    """A member's path, and how its text begins."""
    return path_of(*above, name), orjson.dumps(name) + b":"
