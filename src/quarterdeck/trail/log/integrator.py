"""Integration: leaves become a signed tree.

For each log that has grown: the roots of tiles that are now full, the tree's root from its
right edge, a checkpoint by compare-and-swap. Any number of processes may do this at once;
one of them wins each step, and what the others did is the same.
"""

from collections.abc import Iterator
from contextlib import suppress
from functools import partial

from sqlalchemy import Connection, Engine

from quarterdeck.kernel.clock import Clock, micros
from quarterdeck.kernel.db import reading, writing
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.model import KeyUnusable
from quarterdeck.trail.keys.note import Signer, text_of
from quarterdeck.trail.log.model import Checkpoint, CheckpointMoved, Head, Log, LogDamaged
from quarterdeck.trail.log.ports import CheckpointStore
from quarterdeck.trail.log.storage import leaves
from quarterdeck.trail.proof import tiles
from quarterdeck.trail.proof.tree import root_hash

STEP = tiles.WIDTH**2
"""Leaves integrated at once: at most 257 rows in one transaction."""


def integrate(engine: Engine, keys: KeyStore, checkpoints: CheckpointStore, clock: Clock) -> int:
    """Bring the checkpoint of every log up to its head; how many checkpoints were published.

    Raises:
        LogDamaged: a stored hash is not what was signed; that log is not signed again.
        KeyMissing, KeyUnusable: a log's key is not as it should be.
    """
    with reading(engine) as db:
        every = leaves.every(db)
    done = checkpoints.sizes()
    grown = [log for log in every if log.size > done.get(log.origin, 0)]
    return sum(_advance(engine, keys, checkpoints, clock, log) for log in grown)


def _advance(
    engine: Engine, keys: KeyStore, checkpoints: CheckpointStore, clock: Clock, log: Log
) -> int:
    signer = _signer(keys, log)
    published = 0
    old = checkpoints.latest(log.origin)
    with suppress(CheckpointMoved):
        for size in _steps(old.size if old else 0, log.size):
            root = _grow(engine, log, old, size)
            note = signer.sign(Head(log.origin, size, root).text)
            new = Checkpoint(log.origin, size, note, micros(clock()))
            checkpoints.replace(old, new)
            old, published = new, published + 1
    return published


def _steps(old: int, new: int) -> Iterator[int]:
    yield from range(old + STEP, new, STEP)
    yield new


def _signer(keys: KeyStore, log: Log) -> Signer:
    signer = keys.signer(log.tenant)
    if signer.verifier.vkey != log.vkey:
        raise KeyUnusable(
            f"the log of {log.tenant} began with the key {log.vkey}, but the key folder holds "
            f"{signer.verifier.vkey}; put the first back from your key backup"
        )
    return signer


def _grow(engine: Engine, log: Log, old: Checkpoint | None, size: int) -> bytes:
    before = old.size if old else 0
    fills_a_tile = before // tiles.WIDTH != size // tiles.WIDTH
    with writing(engine) if fills_a_tile else reading(engine) as db:
        if old is not None:
            _refuse_damage(db, log, old)
        for level in range(1, len(tiles.levels(size))):
            _fill(db, log, level, before, size)
        return tiles.root(partial(leaves.hashes, db, log.tenant), size)


def _fill(db: Connection, log: Log, level: int, before: int, size: int) -> None:
    first, end = before >> tiles.HEIGHT * level, size >> tiles.HEIGHT * level
    below = partial(leaves.hashes, db, log.tenant, level - 1)
    roots = [root_hash(below(i * tiles.WIDTH, tiles.WIDTH)) for i in range(first, end)]
    leaves.add_nodes(db, log.tenant, level, first, roots)


def _refuse_damage(db: Connection, log: Log, old: Checkpoint) -> None:
    # Never sign what contradicts what was signed (c2sp.org/tlog-checkpoint, Signatures).
    signed = Head.parse(text_of(old.note))
    if tiles.root(partial(leaves.hashes, db, log.tenant), old.size) != signed.root:
        raise LogDamaged(
            f"the log of {log.tenant} is not what was signed at size {old.size}; "
            "stop writing, keep the database, and run: quarterdeck trail verify"
        )
