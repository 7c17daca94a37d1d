"""What the log needs from storage."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

from quarterdeck.trail.log.model import Appended, Checkpoint, Grown, Known, Leaf, Prepared, Sealed
from quarterdeck.trail.proof.interior import Interior


class Journal(Protocol):
    """Where leaves become durable, in order, without gaps.

    Of any number of openers, in any number of processes, no two ever give one index to two
    leaves. What ``append`` returned survives the death of every process and of the power.
    """

    def append(self, group: Sequence[Prepared]) -> list[Appended]:
        """Append all of ``group``, or nothing; durable on return.

        Indices of a log follow each other in the order of ``group``. One whose tag is in its
        log already, or earlier in the group, is not appended again: see ``Appended.known``.

        Raises:
            JournalFull: the disk, or what of it may be used, is full; nothing was appended.
            JournalClosed: closed, or its disk failed: whether the group is in it is not
                known; append it again, its tags make it exactly once.
            LogNotFound: a log of it was never begun, where that is known here.
        """
        ...

    def known(self, log: str, tags: Sequence[bytes]) -> Mapping[bytes, Known]:
        """Those of ``tags`` that were used in the log."""
        ...

    def close(self) -> None:
        """Let another open it. Again is nothing."""
        ...


class Reader(Protocol):
    """What stands in the logs. Any process, any thread; never what is not durable yet."""

    def size(self, log: str) -> int:
        """Leaves appended; 0 for a log that has not begun."""
        ...

    def sizes(self) -> Mapping[str, int]:
        """``size`` of every log that has leaves, by tenant."""
        ...

    def read(self, log: str, start: int, count: int) -> list[Leaf]:
        """Leaves ``start`` to ``start + count``; fewer where there are no more.

        Raises:
            LogDamaged: what is stored cannot be read.
        """
        ...

    def entries(self, log: str, start: int, count: int) -> list[bytes]:
        """As ``read``: the entries alone."""
        ...

    def hashes(self, log: str, level: int, start: int, count: int) -> list[bytes]:
        """Hashes ``start`` to ``start + count`` of a tile level; fewer where there are no more.

        Above level 0 they are there once the checkpoint that covers them is published.
        """
        ...

    def checked(self, log: str, start: int, count: int) -> list[bytes]:
        """The hashes of leaves ``start`` to ``start + count``, each made anew from its entry.

        Of a leaf whose entry has another hash than was acknowledged, none: then they are fewer.
        """
        ...

    def tree(self, log: str) -> Interior:
        """The tree's inner hashes, as warm as those who asked before left them."""
        ...

    def disclosures(self, log: str, index: int) -> list[Sealed]:
        """The sealed disclosures of a leaf, by path."""
        ...

    def sealed(self, log: str, start: int, count: int) -> list[tuple[int, Sealed]]:
        """Index and sealed disclosure of all that leaves ``start`` to ``start + count`` have.

        In no order; of one that moves meanwhile, either place is read, and none is missed.
        """
        ...

    def moment(self, log: str, index: int) -> int | None:
        """When a leaf was received, microseconds since 1970; None if there is no such leaf."""
        ...

    def checkpoint(self, log: str) -> Checkpoint | None:
        """The checkpoint of a tenant's log that readers may be shown: its tiles are there."""
        ...

    def close(self) -> None:
        """Let go of what is open; it is opened again where needed."""
        ...


class Tiles(Protocol):
    """Where the integrator puts what it makes. One thread at a time calls it."""

    def mine(self) -> bool:
        """Whether this process may: where two may not at once, one may until it ends."""
        ...

    def keep(self, grown: Grown) -> None:
        """Called before the checkpoint is replaced; what is kept twice is the same."""
        ...

    def show(self, grown: Grown) -> None:
        """Called after: have readers see the checkpoint, and everything it covers."""
        ...

    def mend(self, log: str, size: int) -> None:
        """Make what stands there be exactly what ``size`` leaves make, after any crash."""
        ...

    def settle(self) -> None:
        """Let go of what is kept twice, once it is durable here."""
        ...

    def close(self) -> None:
        """Let another process be the one that may. Again is nothing."""
        ...


class Removal(Protocol):
    """Takes entries out of a log for good. Their hashes stay, and with them every proof."""

    def floor(self, log: str) -> int:
        """Below this index entries can be removed here; it grows as the log is stored away."""
        ...

    def remove(self, log: str, indices: Collection[int]) -> None:
        """Put nothing in the place of these entries, and drop their disclosures.

        Durable on return; again is nothing. All are below ``floor``.

        Raises:
            LogDamaged: what stands there cannot be read; it was left as it is.
        """
        ...

    def sealed_under(self, log: str) -> Iterator[tuple[int, str]]:
        """Each leaf that has disclosures with the id of a data key that seals one of them.

        In no order, and one may come twice; none is missed that is there all the while.
        """
        ...

    def sealed_fields(self, log: str, start: int, count: int) -> set[tuple[int, str]]:
        """Index and path of each sealed disclosure that is there, of a range of leaves."""
        ...


class Sequencer(Protocol):
    """How leaves are appended, from any thread."""

    def append(self, drafts: Sequence[Prepared]) -> list[Appended]:
        """As ``Journal.append``; calls at once share one group.

        Raises:
            QueueFull: too much waits already; nothing was appended.
        """
        ...

    async def enqueue(self, drafts: Sequence[Prepared]) -> list[Appended]:
        """``append`` for an event loop: hundreds of callers at once share one group."""
        ...

    def known(self, log: str, tags: Sequence[bytes]) -> Mapping[bytes, Known]:
        """As ``Journal.known``; a tag that is being appended now may be missing."""
        ...

    def close(self) -> None:
        """Append what waits, then let another append."""
        ...


class CheckpointStore(Protocol):
    """Holds each log's latest checkpoint, and never lets a log fork.

    Calls for one log are serializable, across processes and restarts. A
    checkpoint is durable once ``replace`` returns.
    """

    def latest(self, log: str) -> Checkpoint | None:
        """The checkpoint last published, or None for a log not yet begun."""
        ...

    def sizes(self) -> Mapping[str, int]:
        """The size of each log's latest checkpoint, by origin."""
        ...

    def replace(self, old: Checkpoint | None, new: Checkpoint) -> None:
        """Publish ``new`` in place of ``old`` (None: the log begins here).

        Raises:
            CheckpointMoved: the stored checkpoint is not ``old``; nothing changed.
        """
        ...

    def advance(self, steps: Sequence[tuple[Checkpoint | None, Checkpoint]]) -> set[str]:
        """Replace many, of different logs, in one transaction; the logs that had moved."""
        ...
