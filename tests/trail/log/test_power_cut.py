"""Whatever moment the power fails or the process is killed: nothing acknowledged is lost, no log
forks, none has a gap. Here at some moments; ``bench/trail_crash.py``: at all of them.
"""

import os
from functools import partial
from pathlib import Path
from random import Random

import pytest

from quarterdeck.trail.log.storage.bundles import SETTLE_S
from trail.log.lives import LARGE, LIVES, NONE, ROOM, SMALL, born_again, lived
from trail.log.power import Disk, Moment, cut, killed


@pytest.fixture(scope="module", params=LIVES, ids=["bare", "with room", "settled bit by bit"])
def disk(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Disk:
    return lived(tmp_path_factory.mktemp("life"), LIVES[request.param], request.param)


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


@pytest.mark.parametrize("disk", [(LARGE, ROOM, SETTLE_S)], indirect=True)
def test_room_was_made_again_and_written_over_by_several_groups(disk: Disk) -> None:
    calls = [moment.call for moment in disk.moments]
    assert calls.count("pwrite") > 1
    assert calls.count("fdatasync") > calls.count("pwrite")
    assert any(
        path.endswith(".journal") and content.endswith(bytes(1000))
        for moment in disk.moments
        for path, (_, content) in moment.folder.items()
    )


@pytest.mark.parametrize("disk", [(SMALL, 0, 0.0)], indirect=True)
def test_a_settling_stood_still_while_more_was_acknowledged(disk: Disk) -> None:
    """Tiles were synced, their journal file stood on, and the log grew meanwhile."""
    calls = [moment.call for moment in disk.moments]
    first, gone = calls.index("fsync"), calls.index("unlink")
    grown = {len(moment.acknowledged[0]) for moment in disk.moments[first:gone]}
    assert len(grown) > 2


def test_a_kill_at_any_boundary_loses_nothing(disk: Disk, tmp_path: Path) -> None:
    for number, moment in enumerate(spread(disk, 12)):
        found = born_again(disk, moment, tmp_path / str(number), killed)
        assert found == NONE, moment.call


def test_a_power_cut_at_any_boundary_loses_nothing_that_was_acknowledged(
    disk: Disk, tmp_path: Path
) -> None:
    # At its sync a group is written, and any of it may have reached the disk.
    syncs = [moment for moment in disk.moments if moment.call == "fdatasync"]
    for number, moment in enumerate([*spread(disk, 18), *syncs]):
        luck = Random(number)  # noqa: S311  the same luck each time
        leave = partial(cut, luck=luck)
        found = born_again(disk, moment, tmp_path / str(number), leave)
        assert found == NONE, moment.call
