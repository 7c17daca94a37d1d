"""Committed fields, opened for as long as it takes to make the tokens they are found by."""

from binascii import a2b_base64
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from time import monotonic
from typing import Literal

import msgspec
from sqlalchemy import Engine

from quarterdeck.access.epoch import service as epoch
from quarterdeck.kernel.db import reading
from quarterdeck.trail.keys import service as data_keys
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.seal import Opener, Tagger, Unsealable
from quarterdeck.trail.log.model import Sealed
from quarterdeck.trail.log.ports import Reader
from quarterdeck.trail.projections.model import Row, micros_of
from quarterdeck.trail.projections.token import USE, key_term, token, value_of
from quarterdeck.trail.proof.tiles import WIDTH

LIFE_S = 60.0
MOST = 50_000
AT_ONCE, FEW = 500, 4
FROM_URL_SAFE = bytes.maketrans(b"-_", b"+/")

Openers = dict[tuple[str, str], Opener | None]


class _Told(msgspec.Struct):
    """Of an entry, where its disclosures stand, and when it occurred."""

    schema: Literal[1]
    id: str
    occurred_at: str


_told = msgspec.json.Decoder(_Told)


class Fields:
    """Opens what leaves commit to, while its keys stand. Any thread.

    Data keys stay in memory for 60 s at most, and no longer than the access epoch stands,
    which every erasure moves.
    """

    def __init__(self, engine: Engine, keys: KeyStore, reader: Reader) -> None:
        self.reader = reader
        self._engine, self._keys = engine, keys
        self._kept: tuple[int, float, Openers] = (-1, 0.0, {})
        self._taggers: dict[str, Tagger] = {}

    def epoch(self) -> int:
        """Where this has not moved, no key was destroyed."""
        with reading(self._engine) as db:
            return epoch.current(db)

    def token(self, log: str, path: str, value: str) -> int:
        """What a field of this value is found by in a log."""
        return token(self._tagger(log), path, value)

    def rows(self, log: str, number: int, start: int, count: int) -> tuple[list[Row], int]:
        """The rows of some leaves, in their key's order, in a log that bears ``number`` in rows.

        Fields whose keys were destroyed have none. And how many leaves could not be read.
        """
        sealed = self.reader.sealed(log, start, count)
        if not sealed:
            return [], 0
        entries = self.reader.entries(log, start, count)
        openers = self._openers(log, {one.data_key for _, one in sealed})
        found: list[Row] = []
        unread = 0
        for index, leaf in groupby(sorted(sealed, key=_index), key=_index):
            made = self._tokens(log, entries[index - start], [one for _, one in leaf], openers)
            if made is None:
                unread += 1
                continue
            at, told = made
            found += [(number, term, at, index, key) for term, key in told]
        return sorted(found), unread

    def _tokens(
        self, log: str, entry: bytes, sealed: Sequence[Sealed], openers: Openers
    ) -> tuple[int, list[tuple[int, int]]] | None:
        """When a leaf occurred; token and key of each field. None: it cannot be read."""
        tagger, found = self._tagger(log), []
        try:
            told = _told.decode(entry)
            for one in sealed:
                value = self._value(log, told.id, one, openers)
                if value is not None:
                    found.append((token(tagger, one.path, value), key_term(one.data_key)))
        except (msgspec.MsgspecError, Unsealable):  # of a schema to come, or altered
            return None
        return micros_of(told.occurred_at), found

    def rows_of(self, log: str, number: int, indices: Collection[int]) -> list[Row]:
        """The rows of these leaves."""
        found: list[Row] = []
        for some in _together(indices):
            rows, _ = self.rows(log, number, some[0], some[-1] - some[0] + 1)
            found += [row for row in rows if row[3] in some]
        return found

    def bearing(
        self, log: str, records: Mapping[int, str], wanted: Sequence[tuple[str, str]]
    ) -> set[int]:
        """Those of ``records``, ids by index, whose fields are as wanted: path and value.

        What was erased is as nobody wants it.
        """
        paths = {path for path, _ in wanted}
        sealed = [
            (index, one)
            for start, count in _looks(records)
            for index, one in self.reader.sealed(log, start, count)
            if index in records and one.path in paths
        ]
        openers = self._openers(log, {one.data_key for _, one in sealed})
        said = {
            (index, one.path): self._tried(log, records[index], one, openers)
            for index, one in sealed
        }
        return {i for i in records if all(said.get((i, path)) == value for path, value in wanted)}

    def _tried(self, log: str, record: str, one: Sealed, openers: Openers) -> str | None:
        with suppress(Unsealable):
            return self._value(log, record, one, openers)
        return None

    def _value(self, log: str, record: str, one: Sealed, openers: Openers) -> str | None:
        opener = openers.get((log, one.data_key))
        if opener is None:
            return None
        text = opener.open(one.sealed, log, self._keys.of(log).origin, record, one.path)
        # As ``urlsafe_b64decode``, in a fifth of the time; padding that is too much is passed over.
        return value_of(a2b_base64(text.translate(FROM_URL_SAFE) + b"=="))

    def _openers(self, log: str, ids: Collection[str]) -> Openers:
        """With what opens under each of these keys; None where it was destroyed."""
        known = self._standing()
        missing = [one for one in ids if (log, one) not in known]
        for at in range(0, len(missing), AT_ONCE):
            some = missing[at : at + AT_ONCE]
            with reading(self._engine) as db:
                opened = data_keys.opened_all(db, self._keys, log, some)
            for one in some:
                known[log, one] = Opener(opened[one].secret) if one in opened else None
        return known

    def _standing(self) -> Openers:
        now, then = self.epoch(), monotonic()
        before, until, known = self._kept
        if now != before or then > until or len(known) > MOST:
            known = {}
            self._kept = (now, then + LIFE_S, known)
        return known

    def _tagger(self, log: str) -> Tagger:
        found = self._taggers.get(log)
        if found is None:
            found = self._taggers[log] = Tagger(self._keys.derived(log, USE))
        return found


def _index(one: tuple[int, Sealed]) -> int:
    return one[0]


def _looks(indices: Collection[int]) -> Iterator[tuple[int, int]]:
    """First and count of what is read: few of a bundle by themselves, many by one look."""
    for some in _together(indices):
        if len(some) <= FEW:
            yield from ((index, 1) for index in some)
        else:
            yield some[0], some[-1] - some[0] + 1


def _together(indices: Collection[int]) -> Iterator[list[int]]:
    """Those of each bundle, rising."""
    for _, group in groupby(sorted(indices), key=lambda index: index // WIDTH):
        yield list(group)
