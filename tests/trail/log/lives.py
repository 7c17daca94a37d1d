"""Lives of an installation that may end at any moment, and what must hold in the next one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from quarterdeck.kernel.db import open_engine
from quarterdeck.migrations.tables import metadata
from quarterdeck.trail.integrity import service as integrity
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.note import Verifier, text_of
from quarterdeck.trail.log.model import Head
from quarterdeck.trail.log.storage.bundles import SETTLE_S
from quarterdeck.trail.log.storage.sql import checkpoints
from trail.installation import Installation
from trail.log.power import Disk, Moment
from trail.log.test_file_tiles import trail_of

SMALL, LARGE, ROOM = 6_000, 16_000, 9_000
"""Bytes of a journal file: of small ones several are begun, synced and removed on the way; in
large ones several groups are written over the zeros of one room, and room is made again."""

Shape = tuple[int, int, float]
"""Of a journal: the bytes of a file, those of the room in it, and for how many seconds a turn it is
settled; 0: one tile a turn, so that a settling stands still amid its way while the log goes on.
"""

LIVES: dict[Shape, tuple[int, ...]] = {
    (SMALL, 0, SETTLE_S): (3, 250, 2, 8, 40),
    (LARGE, ROOM, SETTLE_S): (1, 1, 1, 3, 1, 30, 1, 1, 9, 20, 1, 1),
    (SMALL, 0, 0.0): (3, 250, 2, 8, 40, 1, 1, 5, 1, 1, 1, 1, 1, 1),
}
"""Leaves in each step of a life, by the shape of its journal."""

Leave = Callable[[Moment, Path, Path], None]


class Life:
    """An installation that grows in steps, and what it promised after each."""

    def __init__(self, folder: Path, shape: Shape) -> None:
        self.folder = folder
        self.engine = open_engine(f"sqlite:///{folder}/db")
        metadata.create_all(self.engine)
        (folder / "trail").mkdir(mode=0o700)
        self.acknowledged: dict[int, bytes] = {}
        self.note = b""
        self.here = Installation(
            self.engine, KeyStore(folder / "keys"), folder, trail_of(folder / "trail", *shape)
        )
        self.here.name_somebody()

    def promised(self) -> tuple[dict[int, bytes], bytes]:
        return dict(self.acknowledged), self.note

    def live(self, steps: tuple[int, ...]) -> None:
        for step in steps:
            self.here.revoke(step)
            self.here.deliver()
            self.acknowledged = dict(enumerate(self.here.reader.entries("acme", 0, 1 << 20)))
            self.here.integrate()
            self.note = self.here.serve("checkpoint") or b""

    def end(self) -> None:
        self.here.trail.close()
        self.engine.dispose()


def lived(folder: Path, steps: tuple[int, ...], shape: Shape) -> Disk:
    """The moments of a life, at each of which it might have ended."""
    life = Life(folder, shape)
    disk = Disk(folder / "trail", life.engine, life.promised)
    with pytest.MonkeyPatch.context() as patch:
        disk.watch(patch)
        life.live(steps)
    disk.close()
    life.end()
    return disk


@dataclass(frozen=True, slots=True)
class Harm:
    """What a death did to a log, though none may do any.

    Attributes:
        lost: acknowledged leaves that are gone, or are others.
        forks: checkpoints, signed before, from which the log does not go on.
        gaps: indices without a leaf, and leaves that stand there twice.
        damage: what else a check of the whole log finds.
    """

    lost: int = 0
    forks: int = 0
    gaps: int = 0
    damage: tuple[str, ...] = ()


NONE = Harm()


def born_again(disk: Disk, moment: Moment, folder: Path, leave: Leave) -> Harm:
    """Start anew on what was left, go on, and hold it against what was promised."""
    folder.mkdir()
    (folder / "trail").mkdir(mode=0o700)
    (folder / "db").write_bytes(moment.database)
    (folder / "keys").symlink_to(disk.root.parent / "keys")
    leave(moment, disk.root, folder / "trail")
    engine = open_engine(f"sqlite:///{folder}/db")
    keys = KeyStore(disk.root.parent / "keys")
    here = Installation(engine, keys, folder, trail_of(folder / "trail", SMALL))
    try:
        return harm(here, moment)
    finally:
        here.trail.close()
        engine.dispose()


def harm(here: Installation, moment: Moment) -> Harm:
    """Of the log that goes on after ``moment``, against what was promised before."""
    acknowledged, note = moment.acknowledged
    here.integrate()  # the first thing that a worker does
    found = dict(enumerate(here.reader.entries("acme", 0, 1 << 20)))
    with here.engine.connect() as db:
        signed = db.scalar(checkpoints.select().with_only_columns(checkpoints.c.note))
    here.grow(3)  # what was not delivered comes too, each once
    entries = here.reader.entries("acme", 0, 1 << 20)
    copy = integrity.verify_copy(
        here.folder / "trail/logs/acme", Verifier.parse(here.vkey)
    ).findings
    return Harm(
        lost=sum(found.get(index) != entry for index, entry in acknowledged.items()),
        forks=sum(_forked(here, since) for since in (note, signed) if since),
        gaps=here.reader.size("acme") - len(set(entries)),
        damage=tuple(f"{one.where}: {one.what}" for one in copy),
    )


def _forked(here: Installation, since: bytes) -> bool:
    verdict = integrity.verify(here.serve, Verifier.parse(here.vkey), since)
    return bool(verdict.findings) or verdict.head.size < Head.parse(text_of(since)).size
