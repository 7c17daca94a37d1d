"""The spool: events on local disk until the trail has them.

Any number of processes may share one: each line is written under one lock, so that
``source_seq`` counts without a gap, and one of them sends at a time. A line is in the file
when ``append`` returns: it survives the death of the process; with ``durable`` also that
of the machine.

    lock          held while a line is written
    sender.lock   held by whoever sends
    tail          the last line's number, its segment and where that ends
    sent          where the next line to send begins
    N.ndjson      segments, each up to 8 MB; deleted when all of it was sent
    refused.ndjson  lines that the trail will never take, each with its reason
"""

import errno
import fcntl
import os
import struct
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path
from typing import IO, Self

import msgspec

from quarterdeck.client.event import Event

SEGMENT_BYTES = 8 * 1024 * 1024
TAIL = struct.Struct("<QQQQ")  # last number, segment, its end, lines lost
PLACE = struct.Struct("<QQ")  # segment, offset


_locks: set[IO[bytes]] = set()


@contextmanager
def lockable(path: Path) -> Iterator[IO[bytes]]:
    """A file to lock, that a forked child does not keep locked."""
    with path.open("ab") as file:
        _locks.add(file)
        try:
            yield file
        finally:
            _locks.discard(file)
            if not file.closed:  # as in a child
                fcntl.flock(file, fcntl.LOCK_UN)  # a child may not have let go yet


def _let_go() -> None:
    # A lock is the open file's, and the child has that too: it would hold it against all,
    # itself included, for the threads that are to let go of it are the parent's.
    for file in _locks:
        file.close()
    _locks.clear()


os.register_at_fork(after_in_child=_let_go)


class SpoolFull(Exception):
    """The spool, or its disk, takes no more; the event is lost: its number is the evidence."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in the spool."""

    segment: int
    offset: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines to send, and the place behind each."""

    lines: tuple[bytes, ...]
    ends: tuple[Place, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tail:
    last: int = 0
    segment: int = 0
    end: int = 0
    lost: int = 0

    def packed(self) -> bytes:
        return TAIL.pack(self.last, self.segment, self.end, self.lost)

    @classmethod
    def of(cls, kept: bytes) -> Self:
        if len(kept) != TAIL.size:
            return cls()
        last, segment, end, lost = TAIL.unpack(kept)
        return cls(last=last, segment=segment, end=end, lost=lost)


class Spool:
    """The spool in ``folder``, made if it is not there, closed to other users.

    ``max_bytes`` bounds what waits to be sent. Any thread may use it.
    """

    def __init__(self, folder: Path, max_bytes: int, *, durable: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._max_bytes = max_bytes
        self._durable = durable
        # Lost events that the disk did not even let be counted: one each, since threads may
        # append while another counts, and a lock could be held by one that a fork left behind.
        self._untold: deque[None] = deque()

    def append(self, event: Event) -> int:
        """Write an event behind all others; its number.

        Raises:
            SpoolFull: nothing was written; the number that it would have had is used up.
        """
        try:
            with self._locked():
                return self._appended(event)
        except OSError as error:
            self._untold.append(None)
            raise SpoolFull(f"the spool cannot be written: {error}") from error

    def batch(self, lines: int, size: int) -> Batch:
        """The next lines to send, at most so many and of so many bytes, but one at least."""
        end = self._end()
        place, taken = min(self._sent(), end), 0
        found: list[bytes] = []
        ends: list[Place] = []
        while place < end and len(found) < lines and taken < size:
            if place.segment < end.segment and place.offset >= self._size(place.segment):
                place = Place(place.segment + 1, 0)
                continue
            for line in self._lines(place, end):
                if found and (len(found) == lines or taken + len(line) > size):
                    return Batch(tuple(found), tuple(ends))
                place = Place(place.segment, place.offset + len(line))
                found.append(line[:-1])
                ends.append(place)
                taken += len(line)
        return Batch(tuple(found), tuple(ends))

    def done(self, place: Place) -> None:
        """All before ``place`` was sent: forget it."""
        before = self._sent()
        _replace(self._folder / "sent", PLACE.pack(place.segment, place.offset))
        for segment in range(before.segment, place.segment):
            self._path(segment).unlink(missing_ok=True)

    def refuse(self, line: bytes, problem: object) -> None:
        """Keep a line that the trail will never take, with its reason, for a person."""
        kept = msgspec.json.encode({"problem": problem, "event": msgspec.Raw(line)})
        with (self._folder / "refused.ndjson").open("ab") as file:
            file.write(kept + b"\n")

    @contextmanager
    def sending(self) -> Iterator[bool]:
        """Whether this is the one that sends now, until the end of the block."""
        with lockable(self._folder / "sender.lock") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    @property
    def waiting_bytes(self) -> int:
        """What waits to be sent."""
        with self._locked():
            return self._waiting(self._tail())

    @property
    def lost(self) -> int:
        """Events that found the spool or its disk full, since it was made."""
        with self._locked():
            return self._tail().lost + len(self._untold)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with lockable(self._folder / "lock") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _appended(self, event: Event) -> int:
        tail = self._told(self._tail())
        number = tail.last + 1
        line = msgspec.json.encode(event.members(number)) + b"\n"
        if self._waiting(tail) + len(line) > self._max_bytes:
            self._keep(_lost(tail, number))
            raise SpoolFull(f"{self._max_bytes} bytes wait to be sent already")
        try:
            kept = self._written(self._rotated(tail), number, line)
        except OSError as error:
            self._keep(_lost(tail, number))
            raise SpoolFull(f"the disk takes no more: {error}") from error
        with suppress(OSError):  # the line is there, and is counted by who comes next
            self._keep(kept)
        return number

    def _told(self, tail: _Tail) -> _Tail:
        """Count what was lost when not even that could be written."""
        if many := len(self._untold):
            tail = _lost(tail, tail.last + many, many)
            self._keep(tail)
            for _ in range(many):
                self._untold.popleft()
        return tail

    def _rotated(self, tail: _Tail) -> _Tail:
        if tail.end < SEGMENT_BYTES:
            return tail
        fresh = _Tail(last=tail.last, segment=tail.segment + 1, lost=tail.lost)
        self._keep(fresh)  # first: whose process dies now leaves a line that is looked for
        return fresh

    def _tail(self) -> _Tail:
        """Where the spool ends; what a dead process wrote without saying so is counted."""
        tail = _Tail.of(_read(self._folder / "tail"))
        size = self._size(tail.segment)
        if size == tail.end:
            return tail
        return self._recovered(tail)

    def _recovered(self, tail: _Tail) -> _Tail:
        path = self._path(tail.segment)
        if not path.exists():
            return _Tail(last=tail.last, segment=tail.segment + 1, lost=tail.lost)
        with path.open("r+b") as file:
            # Shorter than said: the machine died before the disk had it. All is looked at.
            longer = path.stat().st_size > tail.end
            begin = tail.end if longer else 0
            file.seek(begin)
            whole = [line for line in file if line.endswith(b"\n")]
            end = begin + sum(map(len, whole))
            file.truncate(end)
        last = tail.last + len(whole) if longer else tail.last
        return _Tail(last=last, segment=tail.segment, end=end, lost=tail.lost)

    def _written(self, tail: _Tail, number: int, line: bytes) -> _Tail:
        with self._path(tail.segment).open("ab", buffering=0) as file:
            try:
                _write_whole(file, line)
                if self._durable:
                    os.fdatasync(file)
            except OSError:
                file.truncate(tail.end)
                raise
        return _Tail(last=number, segment=tail.segment, end=tail.end + len(line), lost=tail.lost)

    def _keep(self, tail: _Tail) -> None:
        # In place: under the lock, and a torn write is found by the segment's size.
        with _opened(self._folder / "tail") as file:
            file.write(tail.packed())

    def _waiting(self, tail: _Tail) -> int:
        sent = self._sent()
        between = sum(self._size(n) for n in range(sent.segment, tail.segment))
        return max(between + tail.end - sent.offset, 0)

    def _sent(self) -> Place:
        kept = _read(self._folder / "sent")
        return Place(*PLACE.unpack(kept)) if len(kept) == PLACE.size else Place(0, 0)

    def _end(self) -> Place:
        with self._locked():
            tail = self._tail()
            return Place(tail.segment, tail.end)

    def _lines(self, place: Place, end: Place) -> Iterator[bytes]:
        left = (end.offset if place.segment == end.segment else SEGMENT_BYTES * 2) - place.offset
        with suppress(FileNotFoundError), self._path(place.segment).open("rb") as file:
            file.seek(place.offset)
            for line in file:
                left -= len(line)
                if left < 0:
                    return
                yield line

    def _size(self, segment: int) -> int:
        try:
            return self._path(segment).stat().st_size
        except FileNotFoundError:
            return 0

    def _path(self, segment: int) -> Path:
        return self._folder / f"{segment}.ndjson"


def _write_whole(file: RawIOBase, line: bytes) -> None:
    # A disk that fills up takes a part and says so; only the next write fails.
    if file.write(line) != len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _lost(tail: _Tail, number: int, count: int = 1) -> _Tail:
    return _Tail(last=number, segment=tail.segment, end=tail.end, lost=tail.lost + count)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _replace(path: Path, content: bytes) -> None:
    draft = path.with_name(f"{path.name}.new")
    draft.write_bytes(content)
    draft.replace(path)


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("r+b", buffering=0)
    except FileNotFoundError:
        return path.open("wb", buffering=0)
