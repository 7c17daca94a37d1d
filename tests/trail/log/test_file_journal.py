"""The journal in files: what a crash leaves, what damage is, and who may hold it."""

import errno
import os
import signal
import threading
import time
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from quarterdeck.kernel.installation import UnusableDirectory
from quarterdeck.trail.log import place
from quarterdeck.trail.log.model import (
    JournalClosed,
    JournalFull,
    JournalHeld,
    Known,
    LogDamaged,
)
from quarterdeck.trail.log.storage import journal, recovery, segments, tags
from quarterdeck.trail.log.storage.durable import Durable
from quarterdeck.trail.log.storage.files import FileReader
from quarterdeck.trail.log.storage.journal import FileJournal
from quarterdeck.trail.log.storage.layout import Layout
from quarterdeck.trail.log.storage.tags import HOT, TIER, Tags, merge, standing
from quarterdeck.trail.log.storage.tail import Tail
from trail.log.drafts import many, prepared


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def opened(folder: Path, file_bytes: int = 1 << 20, room_bytes: int = 0) -> FileJournal:
    return FileJournal(folder, file_bytes=file_bytes, reserve_bytes=0, room_bytes=room_bytes)


def file_of(folder: Path, number: int = 1) -> Path:
    return folder / recovery.name_of(number)


def written(folder: Path) -> tuple[int, int]:
    """Three groups; where the last one begins, and ends."""
    with closing(opened(folder)) as journal:
        journal.append(many("acme", 3))
        journal.append([*many("acme", 2, 10), *many("zeta", 2)])
        begins = file_of(folder).stat().st_size
        journal.append(many("acme", 2, 20))
    return begins, file_of(folder).stat().st_size


def power_cut(folder: Path, begins: int) -> None:
    """What was told of the last group never reached the disk."""
    Durable(folder).put(1, begins)


def test_a_torn_end_is_cut_off_at_every_byte_and_nothing_else_is(folder: Path) -> None:
    begins, ends = written(folder)
    whole = file_of(folder).read_bytes()
    for cut in range(begins, ends):
        file_of(folder).write_bytes(whole[:cut])
        power_cut(folder, begins)
        with closing(opened(folder)) as journal:
            assert journal.sizes == {"acme": 5, "zeta": 2}, cut
            assert [one.index for one in journal.append(many("acme", 2, 20))] == [5, 6]


@pytest.mark.parametrize("garbling", [0x55, 0x80], ids=["other text", "no text"])
def test_a_garbled_end_is_cut_off_at_every_byte_and_nothing_else_is(
    folder: Path, garbling: int
) -> None:
    begins, ends = written(folder)
    whole = file_of(folder).read_bytes()
    for at in range(begins, ends):
        file_of(folder).write_bytes(whole[:at] + bytes([whole[at] ^ garbling]) + whole[at + 1 :])
        power_cut(folder, begins)
        with closing(opened(folder)) as journal:
            assert journal.sizes == {"acme": 5, "zeta": 2}, at


def test_what_was_acknowledged_is_never_cut_off(folder: Path) -> None:
    begins, ends = written(folder)
    whole = file_of(folder).read_bytes()
    for at in range(begins, ends, 7):
        garbled = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
        file_of(folder).write_bytes(garbled)
        with pytest.raises(LogDamaged, match=f"byte {begins}"):
            opened(folder)
        assert file_of(folder).read_bytes() == garbled
        file_of(folder).write_bytes(whole[:at])
        with pytest.raises(LogDamaged):
            opened(folder)


def test_damage_in_the_middle_is_refused_and_located(folder: Path) -> None:
    begins, _ = written(folder)
    whole = file_of(folder).read_bytes()
    power_cut(folder, 0)
    for at in range(0, begins, 11):
        file_of(folder).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(LogDamaged, match=r"is damaged at byte \d+, and whole again"):
            opened(folder)


def test_a_file_that_is_gone_is_missed(folder: Path) -> None:
    with closing(opened(folder, 300)) as journal:
        for first in range(0, 12, 2):
            journal.append(many("acme", 2, first))
    numbers = recovery.numbers(folder)
    assert len(numbers) > 4
    kept = file_of(folder, numbers[2]).read_bytes()
    file_of(folder, numbers[2]).unlink()
    with pytest.raises(LogDamaged, match="is gone"):
        opened(folder)
    file_of(folder, numbers[2]).write_bytes(kept)
    file_of(folder, numbers[-1]).unlink()
    with pytest.raises(LogDamaged, match="is gone"):
        opened(folder)


def test_one_process_holds_it_and_says_so_to_the_next(folder: Path) -> None:
    with closing(opened(folder)), pytest.raises(JournalHeld):
        opened(folder)
    opened(folder).close()


def test_each_holder_has_an_epoch_of_its_own(folder: Path) -> None:
    for number in range(3):
        with closing(opened(folder)) as journal:
            journal.append(many("acme", 1, number))
    epochs = [frame.epoch for _, frame in recovery.whole_frames(file_of(folder).read_bytes())]
    assert epochs == [1, 1, 2, 3]


def test_room_that_was_written_ahead_is_no_damage_after_a_crash(folder: Path) -> None:
    with closing(opened(folder, room_bytes=4096)) as journal:
        for first in range(0, 60, 2):
            journal.append(many("acme", 2, first))
        left = file_of(folder).read_bytes()
    ends = file_of(folder).stat().st_size
    assert left[ends:] == bytes(len(left) - ends) != b""
    file_of(folder).write_bytes(left)
    reader = FileReader(Layout(folder.parent), Tail(folder))
    assert len(reader.entries("acme", 0, 99)) == 60
    reader.close()
    with closing(opened(folder)) as journal:
        assert file_of(folder).stat().st_size == ends
        assert journal.append(many("acme", 1, 60))[0].index == 60


def test_room_is_left_in_the_last_file_alone(folder: Path) -> None:
    with closing(opened(folder, 2000, room_bytes=4096)) as journal:
        for first in range(0, 40, 2):
            journal.append(many("acme", 2, first))
    for number in recovery.numbers(folder):
        content = file_of(folder, number).read_bytes()
        assert sum(frame.size for _, frame in recovery.whole_frames(content)) == len(content)
    assert len(recovery.numbers(folder)) > 3


def test_tags_that_could_not_be_written_stay_known_and_are_tried_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> Path:
        raise OSError(errno.ENOSPC, "full")

    found, one = Tags(folder), {b"k" * 16: Known(7)}
    found.add(one)
    with monkeypatch.context() as patch:
        patch.setattr(segments, "write", full)
        with pytest.raises(OSError, match="full"):
            found.flush()
    assert found.find(one) == one
    found.flush()
    assert len(standing(folder)) == 1
    assert Tags(folder).find([b"j" * 16, *one]) == one


def test_tags_whose_writer_died_stay_known_and_are_written_with_the_next(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> Path:
        raise MemoryError

    found = Tags(folder)
    keys = [n.to_bytes(16, "big") for n in range(2 * HOT)]
    with monkeypatch.context() as patch:
        patch.setattr(segments, "write", dies)
        patch.setattr(threading, "excepthook", lambda _: None)
        found.add({key: Known(1) for key in keys[:HOT]})
        found.spill()
        found.settle()
    found.add({key: Known(2) for key in keys[HOT:]})
    found.spill()
    found.settle()
    assert len(found.find(keys)) == len(Tags(folder).find(keys)) == 2 * HOT


def test_a_merge_while_tags_are_read_anew_is_no_failure(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, real = Tags(folder), tags.standing
    for n in range(TIER):
        found.add({bytes([n] * 16): Known(n)})
        found.flush()

    def late(where: Path) -> list[Path]:
        names = real(where)
        monkeypatch.setattr(tags, "standing", real)
        merge(where)
        return names

    monkeypatch.setattr(tags, "standing", late)
    assert Tags(folder).find([bytes(16)]) == {bytes(16): Known(0)}


def test_a_group_is_answered_though_its_tags_cannot_leave_memory_yet(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(opened(folder, 1 << 40)) as held:
        with monkeypatch.context() as patch:
            patch.setattr(segments, "write", lambda *_: failed())
            patch.setattr(tags, "HOT", 4)
            for first in range(0, 16, 4):
                held.append(many("acme", 4, first))
        assert held.append(many("acme", 17))[16].index == 16


@pytest.mark.parametrize("call", ["fsync", "ftruncate", "open"])
def test_a_file_that_cannot_be_begun_closes_the_journal_and_loses_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    held = opened(folder, 300)
    flush = Tags.flush
    with monkeypatch.context() as patch:

        def flushed(held_tags: Tags) -> None:
            flush(held_tags)
            patch.setattr(os, call, lambda *_: failed())

        patch.setattr(Tags, "flush", flushed)
        with pytest.raises(JournalClosed, match="see to it, then restart"):
            held.append(many("acme", 9))
    with pytest.raises(JournalClosed, match="see to it, then restart"):
        held.append(many("acme", 1, 9))
    held.close()
    with closing(opened(folder, 300)) as anew:
        assert [one.index for one in anew.append(many("acme", 10))] == list(range(10))


def test_a_file_that_cannot_be_begun_lets_go_of_no_other(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, others = opened(folder, 300), []

    def refuses(*_: int) -> None:
        others.append(os.open(folder, os.O_RDONLY))
        failed()

    monkeypatch.setattr(held, "_open", refuses)
    with pytest.raises(JournalClosed):
        held.append(many("acme", 9))
    held.close()
    os.close(others[0])


@pytest.mark.parametrize("call", ["fsync", "open"])
def test_tags_that_cannot_be_written_keep_the_journal_in_its_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    with closing(opened(folder, 300)) as held:
        with monkeypatch.context() as patch:
            patch.setattr(os, call, lambda *_: failed())
            assert held.append(many("acme", 9))[8].index == 8
            assert held.append(many("acme", 2, 8))[0].known is not None
        assert len(recovery.numbers(folder)) == 1
        moment = time.monotonic() + journal.RETRY_S
        monkeypatch.setattr(time, "monotonic", lambda: moment)
        held.append(many("acme", 9, 10))
        assert len(recovery.numbers(folder)) == 2
    with closing(opened(folder, 300)) as anew:
        assert [one.index for one in anew.append(many("acme", 20))] == list(range(20))


def failed() -> Any:  # noqa: ANN401  it takes the place of any call
    raise OSError(errno.EIO, "failed")


def test_a_full_disk_is_told_before_it_is_full(folder: Path) -> None:
    with (
        closing(FileJournal(folder, reserve_bytes=1 << 60)) as journal,
        pytest.raises(JournalFull, match="make room"),
    ):
        journal.append(many("acme", 1))


def test_a_disk_that_fills_up_is_seen_at_the_next_look(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(FileJournal(folder, room_bytes=0)) as held:
        held.append(many("acme", 1))
        monkeypatch.setattr(os, "fstatvfs", lambda _: SimpleNamespace(f_bavail=0, f_frsize=1))
        held.append(many("acme", 1, 1))
        moment = time.monotonic() + journal.LOOK_S
        monkeypatch.setattr(time, "monotonic", lambda: moment)
        with pytest.raises(JournalFull, match="make room"):
            held.append(many("acme", 1, 2))


def test_a_network_file_system_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "file_system", lambda _: "nfs4")
    with pytest.raises(UnusableDirectory, match="network file system"):
        opened(folder)


def test_no_reader_sees_what_is_not_durable(folder: Path) -> None:
    begins, _ = written(folder)
    reader = FileReader(Layout(folder.parent), Tail(folder))
    power_cut(folder, begins)
    assert reader.size("acme") == 5
    assert len(reader.read("acme", 0, 100)) == 5
    reader.close()


def test_a_reader_follows_from_file_to_file(folder: Path) -> None:
    with closing(opened(folder, 300)) as journal:
        reader = FileReader(Layout(folder.parent), Tail(folder))
        for first in range(20):
            journal.append([prepared("acme", str(first))])
            assert len(reader.entries("acme", 0, 99)) == first + 1
        reader.close()


@pytest.mark.parametrize("size", [HOT, HOT * (TIER + 1) + 5])
def test_tags_are_exact_in_memory_on_disk_and_merged(folder: Path, size: int) -> None:
    with closing(opened(folder, 1 << 40)) as journal:
        for first in range(0, size, 8192):
            journal.append(many("acme", min(8192, size - first), first))
        merge(folder / "tags")
        for index in range(0, size, 1009):
            one = prepared("acme", str(index))
            assert journal.known("acme", [one.tag])[one.tag].index == index
        absent = [prepared("acme", f"never {n}").tag for n in range(2000)]
        assert journal.known("acme", absent) == {}
    assert len(standing(folder / "tags")) <= 2
    with closing(opened(folder, 1 << 40)) as journal:
        assert journal.append(many("acme", 2, size - 2))[1].index == size - 1


@pytest.mark.parametrize("room_bytes", [0, 6000])
def test_a_holder_killed_at_any_moment_loses_nothing_that_it_acknowledged(
    folder: Path, room_bytes: int
) -> None:
    for round_ in range(12):
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            _append_for_ever(folder, write, (round_, room_bytes))
        os.close(write)
        with os.fdopen(read, "rb") as said:
            acknowledged = int(said.read(8 * (3 + round_ * 5))[-8:])
            os.kill(child, signal.SIGKILL)
            rest = said.read()
        os.waitpid(child, 0)
        whole = rest[: len(rest) - len(rest) % 8]
        acknowledged = int(whole[-8:]) if whole else acknowledged
        with closing(opened(folder, 4000, room_bytes)) as journal:
            assert journal.sizes["acme"] > acknowledged
        reader = FileReader(Layout(folder.parent), Tail(folder))
        found = reader.entries("acme", 0, 1 << 20)
        assert len(found) == len(set(found)) == reader.size("acme")
        reader.close()


def _append_for_ever(folder: Path, say: int, of: tuple[int, int]) -> None:
    round_, room_bytes = of
    try:
        journal = opened(folder, 4000, room_bytes)
        number = 0
        while True:
            found = journal.append([prepared("acme", f"{round_} {number}")])
            os.write(say, b"%8d" % found[0].index)
            number += 1
    finally:
        os._exit(1)
