"""Whatever moment the power fails or the process is killed: nothing acknowledged is lost, no log
forks, none has a gap.
"""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

import pytest

from quarterdeck.kernel.db import open_engine
from quarterdeck.migrations.tables import metadata
from quarterdeck.trail.integrity import service as integrity
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.note import Verifier, text_of
from quarterdeck.trail.log.model import Head
from quarterdeck.trail.log.storage.sql import checkpoints
from trail.installation import Installation
from trail.log.power import Disk, Moment, cut, killed
from trail.log.test_file_tiles import trail_of

SMALL, LARGE, ROOM = 6_000, 16_000, 9_000
"""Bytes of a journal file: of small ones several are begun, synced and removed on the way; in
large ones several groups are written over the zeros of one room, and room is made again."""

Leave = Callable[[Moment, Path, Path], None]


class Life:
    """An installation that grows in steps, and what it promised after each."""

    def __init__(self, folder: Path, sizes: tuple[int, int]) -> None:
        self.folder = folder
        self.engine = open_engine(f"sqlite:///{folder}/db")
        metadata.create_all(self.engine)
        (folder / "trail").mkdir(mode=0o700)
        self.acknowledged: dict[int, bytes] = {}
        self.note = b""
        self.here = Installation(
            self.engine, KeyStore(folder / "keys"), folder, trail_of(folder / "trail", *sizes)
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


def lived(folder: Path, steps: tuple[int, ...], sizes: tuple[int, int]) -> Disk:
    """The moments of a life, at each of which it might have ended; ``sizes`` of a journal file
    and of the room in it.
    """
    life = Life(folder, sizes)
    disk = Disk(folder / "trail", life.engine, life.promised)
    with pytest.MonkeyPatch.context() as patch:
        disk.watch(patch)
        life.live(steps)
    disk.close()
    life.end()
    return disk


def born_again(disk: Disk, moment: Moment, folder: Path, leave: Leave) -> None:
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
        judged(here, moment)
    finally:
        here.trail.close()
        engine.dispose()


def judged(here: Installation, moment: Moment) -> None:
    acknowledged, note = moment.acknowledged
    here.integrate()  # the first thing that a worker does
    found = here.reader.entries("acme", 0, 1 << 20)
    assert found[: len(acknowledged)] == list(acknowledged.values()), "an acknowledged leaf is lost"
    with here.engine.connect() as db:
        signed = db.scalar(checkpoints.select().with_only_columns(checkpoints.c.note))
    here.grow(3)  # what was not delivered comes too, each once
    entries = here.reader.entries("acme", 0, 1 << 20)
    assert len(entries) == len(set(entries)) == here.reader.size("acme")
    key = Verifier.parse(here.vkey)
    for since in filter(None, (note, signed)):
        verdict = integrity.verify(here.serve, key, since)
        assert verdict.findings == (), (moment.call, verdict.findings)
        assert verdict.head.size >= Head.parse(text_of(since)).size
    copy = integrity.verify_copy(here.folder / "trail/logs/acme", key)
    assert copy.findings == (), (moment.call, copy.findings)


@pytest.fixture(scope="module", params=[(SMALL, 0), (LARGE, ROOM)], ids=["bare", "with room"])
def disk(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Disk:
    steps = (1, 1, 1, 3, 1, 30, 1, 1, 9, 20, 1, 1) if request.param[1] else (3, 250, 2, 8, 40)
    return lived(tmp_path_factory.mktemp("life"), steps, request.param)


def spread(disk: Disk, count: int) -> list[Moment]:
    """So many moments, of every kind of call."""
    kinds: dict[str, list[Moment]] = {}
    for moment in disk.moments:
        kinds.setdefault(moment.call, []).append(moment)
    share = max(1, count // len(kinds))
    return [one for of in kinds.values() for one in of[:: max(1, len(of) // share)][:share]]


def test_it_was_watched_at_every_kind_of_boundary(disk: Disk) -> None:
    calls = {moment.call for moment in disk.moments}
    assert {"write", "fdatasync", "fsync", "replace", "unlink"} <= calls
    assert os.write.__module__ != __name__


@pytest.mark.parametrize("disk", [(LARGE, ROOM)], indirect=True)
def test_room_was_made_again_and_written_over_by_several_groups(disk: Disk) -> None:
    calls = [moment.call for moment in disk.moments]
    assert calls.count("pwrite") > 1
    assert calls.count("fdatasync") > calls.count("pwrite")
    assert any(
        path.endswith(".journal") and content.endswith(bytes(1000))
        for moment in disk.moments
        for path, (_, content) in moment.folder.items()
    )


def test_a_kill_at_any_boundary_loses_nothing(disk: Disk, tmp_path: Path) -> None:
    for number, moment in enumerate(spread(disk, 12)):
        born_again(disk, moment, tmp_path / str(number), killed)


def test_a_power_cut_at_any_boundary_loses_nothing_that_was_acknowledged(
    disk: Disk, tmp_path: Path
) -> None:
    # At its sync a group is written, and any of it may have reached the disk.
    syncs = [moment for moment in disk.moments if moment.call == "fdatasync"]
    for number, moment in enumerate([*spread(disk, 18), *syncs]):
        luck = Random(number)  # noqa: S311  the same luck each time
        born_again(disk, moment, tmp_path / str(number), partial(cut, luck=luck))
