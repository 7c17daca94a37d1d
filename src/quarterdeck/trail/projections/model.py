"""What a record is in the read models: rows of integers, made from its entry alone. Pure.

A word stands in a row as its term, 63 bits of its hash: so rows need no dictionary, and those
of a rebuild are the same. That two words may share a term is seen to where records are shown.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Literal

import msgspec
import orjson

from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.errors import Invalid, NotFound, Unavailable
from quarterdeck.trail.log.record import SCHEMA, RecordUnreadable

TERM_BYTES = 8
KEPT_TERMS, KEPT_SECONDS, KEPT_SETS = 65_536, 4096, 1024  # some 15 MB
STAMP_LETTERS = len("2026-02-28T12:00:00.000000Z")
MOST = 2**62
OUTCOMES = ("success", "failure", "denied")
"""As they are numbered in rows."""

Row = tuple[int, ...]
Members = Mapping[str, Any]
Upcast = Callable[[Members], Members]


class Name(StrEnum):
    """The projections."""

    TIMELINE = "timeline"
    ACTOR = "actor"
    RESOURCE = "resource"
    SEARCH = "search"
    FIELDS = "fields"


ROWS = (Name.TIMELINE, Name.ACTOR, Name.RESOURCE)
"""Those that are made of entries alone, and delivered together."""


class UnknownProjection(Invalid):
    """There is no projection of that name."""


class NotYours(NotFound):
    """What serves every tenant is not there for who may act for one alone."""


class ProjectionDiverged(Unavailable):
    """A read model is not of the log that stands here: it is not added to."""


class Field(StrEnum):
    """What a term is of."""

    ACTOR = "actor"
    ACTION = "action"
    RESOURCE = "resource"
    TYPE = "type"
    OUTCOME = "outcome"
    CLASS = "class"
    CORRELATION = "correlation"


NUMBERS = {outcome: number for number, outcome in enumerate(OUTCOMES)}
_begun = {str(field): blake2b(digest_size=TERM_BYTES, person=field.encode()) for field in Field}

SCHEMAS: Mapping[int, Upcast] = {SCHEMA: lambda members: members}
"""How an entry of each schema is made one of the newest. An unknown schema is a dead letter,
and is applied by replay once it stands here."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A record, as far as rows are made of it.

    Attributes:
        at: when it occurred, by its source's clock; microseconds since 1970.
        classes: of its fields, each once.
        correlations: trace, request and causation, as far as there are any.
        payload: JSON of the text of its clear payload, or of null.
        terms: as its row of the timeline has them: actor, action, resource, outcome.
        marks: the terms under which it is found besides its actor and resource.
    """

    index: int
    at: int
    actor: str
    action: str
    type: str
    resource: str
    outcome: str
    classes: frozenset[str]
    correlations: frozenset[str]
    payload: bytes
    terms: tuple[int, int, int, int]
    marks: tuple[int, ...]

    @property
    def words(self) -> str:
        """What of it may be found by its words: never what is committed."""
        return orjson.loads(self.payload) or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far a projection has come in a log.

    Attributes:
        size: leaves applied, from the first on without a gap.
        hash: of the last of them (RFC 6962); empty before the first.
        skipped: of them, those that could not be read: they are dead letters.
    """

    size: int = 0
    hash: bytes = b""
    skipped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A projection of one log beside the log itself.

    Attributes:
        size: leaves of the log.
        lag_s: how long ago the oldest leaf came that is not applied; 0 where all are.
    """

    projection: str
    log: str
    place: Place
    size: int
    lag_s: float
    paused: bool

    @property
    def behind(self) -> int:
        """Leaves not applied."""
        return max(0, self.size - self.place.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Leaves of a log: those before ``end`` that occurred from ``since`` to ``until``.

    Microseconds since 1970, by the clocks of the sources.
    """

    end: int
    since: int = -MOST
    until: int = MOST

    @property
    def whole(self) -> bool:
        """Whether no time is left out."""
        return (self.since, self.until) == (-MOST, MOST)

    def holds(self, one: "Seen") -> bool:
        """Whether it is one of them."""
        return one.index < self.end and self.since <= one.at < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A read model beside one that was made anew from the log, row by row.

    Attributes:
        rows: those made anew.
        missing: of them, not in the live read model.
        surplus: in the live one alone. Both are 0 where it is true to the log.
        where: the first of both, by table and record: ``timeline: record 17 is missing``.
    """

    rows: int
    missing: int
    surplus: int
    where: tuple[str, ...] = ()


class _Actor(msgspec.Struct, gc=False):
    id: str


class _Resource(msgspec.Struct, gc=False):
    type: str
    id: str


class _Entry(msgspec.Struct):
    """Of an entry of the newest schema, what rows are made of: the rest is passed over."""

    schema: Literal[1]
    occurred_at: str
    actor: _Actor
    action: str
    resource: _Resource
    outcome: str
    classification: dict[str, str]
    correlation: dict[str, str | None]
    payload: msgspec.Raw


_entry = msgspec.json.Decoder(_Entry)


def seen(index: int, entry: bytes, schemas: Mapping[int, Upcast] = SCHEMAS) -> Seen:
    """Read an entry; raise RecordUnreadable where it is none, or of a schema not known."""
    try:
        return _seen(index, _decoded(entry, schemas))
    except (KeyError, TypeError, ValueError, msgspec.MsgspecError) as error:
        raise RecordUnreadable(f"leaf {index} is no record of a known schema: {error}") from error


def _decoded(entry: bytes, schemas: Mapping[int, Upcast]) -> _Entry:
    if schemas is SCHEMAS:
        with suppress(msgspec.ValidationError):  # of another schema, perhaps
            return _entry.decode(entry)
    return _entry.decode(_newest(entry, schemas))


def _seen(index: int, found: _Entry) -> Seen:
    action, kind, outcome = found.action, found.resource.type, found.outcome
    classes = tuple(found.classification.values())
    correlations = frozenset(filter(None, found.correlation.values()))
    marks = _marks(action, kind, outcome, classes)
    if correlations:
        # Seldom met twice: what terms are kept for others would have to go.
        told = {_term(Field.CORRELATION, word) for word in correlations}
        marks = tuple(told.union(marks))
    return Seen(
        index=index,
        at=micros_of(found.occurred_at),
        actor=found.actor.id,
        action=action,
        type=kind,
        resource=found.resource.id,
        outcome=outcome,
        classes=_each(classes),
        correlations=correlations,
        payload=bytes(found.payload),
        terms=(
            term(Field.ACTOR, found.actor.id),
            term(Field.ACTION, action),
            term(Field.RESOURCE, found.resource.id),
            NUMBERS.get(outcome, len(NUMBERS)),
        ),
        marks=marks,
    )


def _newest(entry: bytes, schemas: Mapping[int, Upcast]) -> bytes:
    found = orjson.loads(entry)
    upcast = schemas.get(found["schema"])
    if upcast is None:
        known = ", ".join(map(str, sorted(schemas)))
        raise RecordUnreadable(f"schema {found['schema']} is not known, only {known}")
    return orjson.dumps({**upcast(found), "schema": SCHEMA})


@lru_cache(KEPT_SETS)
def _each(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(words)


@lru_cache(KEPT_SETS)
def _marks(action: str, kind: str, outcome: str, classes: tuple[str, ...]) -> tuple[int, ...]:
    """Success has none: it is what neither failed nor was denied."""
    found = {term(Field.ACTION, action), term(Field.TYPE, kind)}
    if outcome != OUTCOMES[0]:
        found.add(term(Field.OUTCOME, outcome))
    return tuple(found.union(term(Field.CLASS, word) for word in classes))


@lru_cache(KEPT_TERMS)
def term(field: str, word: str) -> int:
    """``word`` of a ``Field`` as it stands in rows: 0 to 2^63 - 1."""
    return _term(field, word)


def _term(field: str, word: str) -> int:
    made = _begun[field].copy()
    made.update(word.encode())
    return int.from_bytes(made.digest(), "big") >> 1


def micros_of(text: str) -> int:
    """A record's time, microseconds since 1970."""
    # As records write it, always to the microsecond: a second is read once, not a thousand times.
    if len(text) == STAMP_LETTERS and text[-1] == "Z":
        return _second(text[:19]) + int(text[20:26])
    return micros(datetime.fromisoformat(text))


@lru_cache(KEPT_SECONDS)
def _second(text: str) -> int:
    return micros(datetime.fromisoformat(f"{text}Z"))


def rows_of(name: str, log: int, records: Sequence[Seen]) -> dict[str, list[Row]]:
    """The rows of ``records`` in projection ``name``, by table, each list in its key's order.

    Of ``search`` none: its rows are not integers. Of ``fields`` none: an entry does not show
    what it commits to.
    """
    found: dict[str, list[Row]] = {}
    if name == Name.TIMELINE:
        found["timeline"] = sorted([(log, one.at, one.index, *one.terms) for one in records])
        found["mark"] = sorted(
            [(log, mark, one.at, one.index) for one in records for mark in one.marks]
        )
    elif name == Name.ACTOR:
        found["actor"] = sorted([(log, one.terms[0], one.at, one.index) for one in records])
    elif name == Name.RESOURCE:
        found["resource"] = sorted([(log, one.terms[2], one.at, one.index) for one in records])
    return found
