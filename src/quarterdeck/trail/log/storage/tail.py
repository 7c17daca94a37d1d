"""The journal as its readers see it: what is durable, and found by log and index.

Any process, beside the one that appends. It follows the files as they grow, and remembers
for each part where it stands: not what is in it.
"""

import os
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from threading import RLock

from quarterdeck.trail.log.model import LogDamaged
from quarterdeck.trail.log.storage import frames, recovery
from quarterdeck.trail.log.storage.durable import OFFSET_BITS, Durable
from quarterdeck.trail.log.storage.frames import Frame, Part

FIRST_LOOK = 4096  # bytes; a header and the directory of a group of some 100 logs
KEPT_BYTES = 24 << 20
"""Of parts that were read last: what comes in half a second, so that who integrates and who
delivers need not read it again."""

Span = tuple[int, int, int, int, int]
"""Of a part: first index, how many leaves, the file's number, where in it, how many bytes."""


class Tail:
    """What of the journal is durable. Any thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = RLock()
        self._told: Durable | None = None
        self._number = self._at = 0
        self._files: dict[int, int] = {}
        self._sizes: dict[str, int] = {}
        self._spans: dict[str, list[Span]] = {}
        self._starts: dict[str, list[int]] = {}
        self._kept: OrderedDict[tuple[int, int], tuple[Part, int]] = OrderedDict()
        self._kept_bytes = 0

    def sizes(self) -> dict[str, int]:
        """Leaves of each log, as of now."""
        with self._lock:
            self._refresh()
            return dict(self._sizes)

    def size(self, log: str) -> int:
        """Leaves of one log, as of now."""
        with self._lock:
            self._refresh()
            return self._sizes.get(log, 0)

    def first(self, log: str) -> int:
        """The lowest index that the files still hold; the log's size if they hold none."""
        with self._lock:
            starts = self._starts.get(log)
            return starts[0] if starts else self._sizes.get(log, 0)

    def parts(self, log: str, start: int, count: int) -> Iterator[tuple[int, Part]]:
        """The parts that hold leaves ``start`` to ``start + count``, each with its first index.

        Fewer where the files do not hold them, any more or yet.
        """
        with self._lock:
            if start + count > self._sizes.get(log, 0):
                self._refresh()
            spans = self._spans.get(log, [])
            at = max(0, bisect_right(self._starts.get(log, []), start) - 1)
            wanted = [s for s in _while_below(spans, at, start + count) if s[0] + s[1] > start]
        for span in wanted:
            try:
                yield span[0], self._part(span)
            except FileNotFoundError:  # settled meanwhile: it stands in bundles
                continue

    def files(self) -> list[int]:
        """The numbers of the files that are there."""
        return recovery.numbers(self._folder)

    def sizes_before(self, number: int) -> dict[str, int]:
        """Leaves of each log where a file begins."""
        handle = os.open(self._folder / recovery.name_of(number), os.O_RDONLY | os.O_CLOEXEC)
        try:
            frame = _frame_at(handle, 0, 1 << OFFSET_BITS)
        finally:
            os.close(handle)
        return {log: start for log, start, _, _ in frame.places}

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            for handle in self._files.values():
                os.close(handle)
            self._files.clear()
            self._kept.clear()
            self._kept_bytes = 0

    def _refresh(self) -> None:
        number, end = self._durable()
        if (number, end) == (self._number, self._at):
            return
        if number != self._number:
            self._forget_gone()
        for one in self.files():
            if self._number <= one <= number:
                self._follow(one, end if one == number else 0)

    def _durable(self) -> tuple[int, int]:
        if self._told is None:
            if not self._folder.is_dir():
                return 0, 0
            self._told = Durable(self._folder)
        return self._told.get()

    def _follow(self, number: int, end: int) -> None:
        handle = self._open(number)
        if number != self._number:
            self._number, self._at = number, 0
        end = end or os.fstat(handle).st_size
        while self._at < end:
            frame = _frame_at(handle, self._at, end)
            self._note(frame, number)
            self._at += frame.size

    def _note(self, frame: Frame, number: int) -> None:
        at = self._at + frame.body
        for log, start, count, size in frame.places:
            if size:
                self._spans.setdefault(log, []).append((start, count, number, at, size))
                self._starts.setdefault(log, []).append(start)
            self._sizes[log] = start + count
            at += size

    def _forget_gone(self) -> None:
        standing = set(self.files())
        for gone in [n for n in self._files if n not in standing]:
            os.close(self._files.pop(gone))
        for log, spans in self._spans.items():
            self._spans[log] = [span for span in spans if span[2] in standing]
            self._starts[log] = [span[0] for span in self._spans[log]]

    def _open(self, number: int) -> int:
        if number not in self._files:
            path = self._folder / recovery.name_of(number)
            self._files[number] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        return self._files[number]

    def _part(self, span: Span) -> Part:
        _, _, number, at, size = span
        with self._lock:
            found = self._kept.get((number, at))
            if found is not None:
                return found[0]
            part = frames.decode(os.pread(self._open(number), size, at))
            self._kept[number, at] = part, size
            self._kept_bytes += size
            while self._kept_bytes > KEPT_BYTES and len(self._kept) > 1:
                self._kept_bytes -= self._kept.popitem(last=False)[1][1]
        return part


def _while_below(spans: list[Span], at: int, end: int) -> list[Span]:
    stop = at
    while stop < len(spans) and spans[stop][0] < end:
        stop += 1
    return spans[at:stop]


def _frame_at(handle: int, at: int, end: int) -> Frame:
    found = frames.opened(os.pread(handle, FIRST_LOOK, at))
    if isinstance(found, int):
        found = frames.opened(os.pread(handle, found, at))
    if not isinstance(found, Frame) or at + found.size > end:
        raise LogDamaged(f"the journal cannot be read at byte {at}: stop, and see doctor")
    return found
