"""Of several processes on one journal one appends, and the others by it."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from quarterdeck.kernel.errors import Unavailable
from quarterdeck.trail.log.handover import NobodyHears, RemoteSequencer
from quarterdeck.trail.log.holder import HeldSequencer
from quarterdeck.trail.log.model import (
    Appended,
    JournalClosed,
    JournalFull,
    Known,
    Prepared,
    QueueFull,
)
from quarterdeck.trail.log.sequencer import WAITING_LEAVES, GroupingSequencer
from quarterdeck.trail.log.storage.journal import FileJournal
from trail.log.drafts import many, prepared
from waiting import until

Open = Callable[..., HeldSequencer]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def opened(folder: Path) -> Iterator[Open]:
    made: list[HeldSequencer] = []

    def start(*, lasting: bool = True, stand_in_s: float = 0.0) -> HeldSequencer:
        made.append(
            HeldSequencer(
                folder / "append.sock",
                lambda: FileJournal(folder / "journal", reserve_bytes=0),
                lasting=lasting,
                stand_in_s=stand_in_s,
            )
        )
        return made[-1]

    yield start
    for one in made:
        one.close()


def test_a_worker_appends_by_the_process_that_holds_the_journal(opened: Open) -> None:
    web, worker = opened(), opened(lasting=False)
    assert (web.holds, worker.holds) == (True, False)
    web.append(many("acme", 2))
    draft = prepared("acme", "from the worker", digest=b"d" * 16, sealed=2)
    assert [one.index for one in worker.append([draft])] == [2]
    assert worker.append([draft])[0].known == Known(2, b"d" * 16)
    assert worker.known("acme", [draft.tag, b"x" * 32]) == {draft.tag: Known(2, b"d" * 16)}
    assert asyncio.run(worker.enqueue(many("acme", 1, 70)))[0].index == 3


def test_where_nobody_holds_it_a_worker_waits_and_then_stands_in(opened: Open) -> None:
    patient = opened(lasting=False, stand_in_s=3600)
    with pytest.raises(NobodyHears):
        patient.append(many("acme", 1))
    worker = opened(lasting=False)
    worker.append(many("acme", 2))
    assert worker.holds
    assert patient.append(many("acme", 1, 9))[0].index == 2


def test_who_stands_in_lets_go_for_who_is_meant_to_hold_it(opened: Open) -> None:
    worker = opened(lasting=False)
    worker.append(many("acme", 2))
    web = opened()
    until(lambda: web.holds)
    assert not worker.holds
    assert web.append(many("acme", 1, 5))[0].index == 2
    assert worker.append(many("acme", 1, 6))[0].index == 3


def test_a_fresh_process_takes_over_from_the_old_one_and_no_worker_notices(opened: Open) -> None:
    old, worker = opened(), opened(lasting=False, stand_in_s=3600)
    worker.append(many("acme", 2))
    fresh = opened()
    assert not fresh.holds
    assert fresh.append(many("acme", 1, 5))[0].index == 2
    old.close()
    until(lambda: fresh.holds)
    assert worker.append(many("acme", 1, 6))[0].index == 3


def test_a_damaged_journal_keeps_no_process_from_starting(folder: Path, opened: Open) -> None:
    web = opened()
    web.append(many("acme", 2))
    web.close()
    file = next((folder / "journal").glob("*.journal"))
    file.write_bytes(file.read_bytes()[:-1])
    again = opened()
    with pytest.raises(Unavailable, match="put it back"):
        again.append(many("acme", 1, 5))


def test_what_the_holder_raises_reaches_the_caller_by_name(folder: Path) -> None:
    held = HeldSequencer(
        folder / "append.sock",
        lambda: FileJournal(folder / "journal", reserve_bytes=1 << 60),
        lasting=True,
    )
    remote = RemoteSequencer(folder / "append.sock")
    with pytest.raises(JournalFull, match="make room"):
        remote.append(many("acme", 1))
    remote.close()
    held.close()


def test_only_its_owner_may_reach_the_socket(folder: Path, opened: Open) -> None:
    opened()
    assert (folder / "append.sock").stat().st_mode & 0o777 == 0o600


def test_hundreds_at_once_share_few_groups_and_no_index(folder: Path) -> None:
    journal = FileJournal(folder / "journal", reserve_bytes=0)
    sequencer = GroupingSequencer(journal)

    async def ask(number: int) -> int:
        return (await sequencer.enqueue([prepared("acme", f"async {number}")]))[0].index

    async def all_at_once() -> list[int]:
        return list(await asyncio.gather(*map(ask, range(400))))

    with ThreadPoolExecutor(8) as pool:
        blocking = [pool.submit(sequencer.append, many("acme", 5, n * 5)) for n in range(40)]
        awaited = asyncio.run(all_at_once())
    indices = awaited + [one.index for done in blocking for one in done.result()]
    assert sorted(indices) == list(range(600))
    groups = (folder / "journal/00000001.journal").read_bytes().count(b"QDJ1") - 1
    assert groups < 300
    sequencer.close()
    with pytest.raises(Unavailable):
        sequencer.append(many("acme", 1))


class Slow:
    """A Journal that appends nothing before it is let."""

    def __init__(self) -> None:
        self.begun, self.go = Event(), Event()

    def append(self, group: Sequence[Prepared]) -> list[Appended]:
        self.begun.set()
        self.go.wait(10)
        return [Appended(number, b"") for number, _ in enumerate(group)]

    def known(self, log: str, tags: Sequence[bytes]) -> dict[bytes, Known]:
        raise AssertionError(log, tags)

    def close(self) -> None:
        """Nothing is held."""


def test_more_than_may_wait_is_refused() -> None:
    journal = Slow()
    sequencer = GroupingSequencer(journal)
    draft = prepared("acme", "a")
    with ThreadPoolExecutor(2) as pool:
        pool.submit(sequencer.append, [draft])
        journal.begun.wait(10)
        waiting = pool.submit(sequencer.append, [draft] * WAITING_LEAVES)
        until(lambda: _refuses(sequencer, draft))
        journal.go.set()
        assert len(waiting.result()) == WAITING_LEAVES
    sequencer.close()


def _refuses(sequencer: GroupingSequencer, draft: Prepared) -> bool:
    waits = sequencer.waiting
    if waits < WAITING_LEAVES:
        return False
    with pytest.raises(QueueFull):
        sequencer.append([draft])
    return True


def test_what_a_loop_hands_in_in_one_turn_is_one_group(folder: Path) -> None:
    sequencer = GroupingSequencer(FileJournal(folder / "journal", reserve_bytes=0))

    async def together() -> list[int]:
        asked = [sequencer.enqueue([prepared("acme", str(n))]) for n in range(50)]
        return [told[0].index for told in await asyncio.gather(*asked)]

    assert asyncio.run(together()) == list(range(50))
    groups = (folder / "journal/00000001.journal").read_bytes().count(b"QDJ1") - 1
    assert groups == 1
    sequencer.close()


def test_who_does_not_fit_is_refused_and_who_stands_before_is_not(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quarterdeck.trail.log.sequencer.WAITING_LEAVES", 2)
    sequencer = GroupingSequencer(FileJournal(folder / "journal", reserve_bytes=0))

    async def together() -> list[list[Appended] | BaseException]:
        asked = [sequencer.enqueue([prepared("acme", str(n))]) for n in range(3)]
        return await asyncio.gather(*asked, return_exceptions=True)

    first, second, third = asyncio.run(together())
    assert [told[0].index for told in (first, second) if isinstance(told, list)] == [0, 1]
    assert isinstance(third, QueueFull)
    sequencer.close()
    assert all(isinstance(told, JournalClosed) for told in asyncio.run(together()))
