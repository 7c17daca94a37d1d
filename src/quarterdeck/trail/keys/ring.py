"""The signing keys of one log, one file for each that followed the first.

Each file says until when the key before it signs beside it. Files are never changed: what
signs now follows from them and from the time alone.
"""

import os
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from quarterdeck.kernel.clock import micros
from quarterdeck.trail.keys import files
from quarterdeck.trail.keys.handover import Handover
from quarterdeck.trail.keys.model import KeyUnusable
from quarterdeck.trail.keys.note import Malformed, Signer, Verifier
from quarterdeck.trail.keys.seal import KEY_BYTES

SUFFIX = ".next-{}.json"
FILES = "*" + SUFFIX.format("*")

Opened = Callable[[files.Fields, Path], files.Fields]
"""The fields of a file, its secrets open."""

Sealed = Callable[[files.Fields, str], files.Fields]
"""Fields as the file of that name keeps them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """One of a log's keys.

    Attributes:
        number: from 1.
        made_at: microseconds since 1970; of the first key, when its file was written.
        overlap_until: until when the key before this one signs too, microseconds.
        reason, incident: why it was made, and for an emergency which incident.
        handover: the note by which the key before named this one; empty for the first.
    """

    number: int
    signer: Signer = field(repr=False)
    made_at: int = 0
    overlap_until: int = 0
    reason: str = ""
    incident: str = ""
    handover: bytes = b""

    @property
    def verifier(self) -> Verifier:
        return self.signer.verifier


def load(base: Path, first: SigningKey, opened: Opened) -> list[SigningKey]:
    """All keys of the log whose first is ``first``; ``base`` is its file without the suffix.

    Raises:
        KeyUnusable: a file is damaged, or others can read it.
    """
    keys = [first]
    while (path := _path(base, len(keys) + 1)).exists():
        keys.append(_key(opened(files.load(path), path), keys[-1], path))
    return keys


def grown(base: Path, known: Sequence[SigningKey]) -> bool:
    """Whether a key was made that ``known`` lacks."""
    return _path(base, len(known) + 1).exists()


def add(base: Path, old: SigningKey, key: SigningKey, sealed: Sealed) -> bool:
    """Write ``key`` after ``old``; False if another was made meanwhile."""
    fields: files.Fields = {
        "origin": key.signer.name,
        "number": key.number,
        "seed": b64encode(key.signer.seed).decode(),
        "vkey": key.verifier.vkey,
        "after": old.verifier.vkey,
        "made_at": key.made_at,
        "overlap_until": key.overlap_until,
        "reason": key.reason,
        "incident": key.incident,
        "handover": key.handover.decode(),
    }
    path = _path(base, key.number)
    return files.create(path, sealed(fields, path.name))


def following(
    old: SigningKey, size: int, now: datetime, overlap_until: datetime, why: tuple[str, str]
) -> SigningKey:
    """A new key after ``old``; ``why`` is reason and incident."""
    signer = Signer(old.signer.name, os.urandom(KEY_BYTES))
    said = Handover(
        origin=signer.name,
        number=old.number + 1,
        old=old.verifier,
        new=signer.verifier,
        size=size,
        reason=why[0],
    )
    both = Signer(signer.name, signer.seed, (old.signer,))
    return SigningKey(
        number=old.number + 1,
        signer=signer,
        made_at=micros(now),
        overlap_until=micros(overlap_until),
        reason=why[0],
        incident=why[1],
        handover=both.sign(said.text),
    )


def signing(keys: Sequence[SigningKey], now: datetime) -> Signer:
    """What signs at ``now``: the newest key, and those before it that still overlap."""
    *_, newest = keys
    beside: list[Signer] = []
    for older, newer in reversed(list(pairwise(keys))):
        if newer.overlap_until <= micros(now):
            break
        beside.append(older.signer)
    return Signer(newest.signer.name, newest.signer.seed, tuple(beside))


def _path(base: Path, number: int) -> Path:
    return base.with_name(base.name + SUFFIX.format(number))


def _key(fields: files.Fields, before: SigningKey, path: Path) -> SigningKey:
    try:
        signer = Signer(str(fields["origin"]), b64decode(str(fields["seed"]), validate=True))
        key = SigningKey(
            number=int(fields["number"]),
            signer=signer,
            made_at=int(fields["made_at"]),
            overlap_until=int(fields["overlap_until"]),
            reason=str(fields["reason"]),
            incident=str(fields["incident"]),
            handover=str(fields["handover"]).encode(),
        )
        same = (key.verifier.vkey, before.verifier.vkey) == (fields["vkey"], fields["after"])
    except (KeyError, ValueError, Malformed) as error:
        raise KeyUnusable(f"{path} is no key file: {error}") from error
    if not same:
        raise KeyUnusable(f"{path} does not hold the key that it names")
    return key
