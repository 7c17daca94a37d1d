"""Which tags were used: exact, kept as long as the records, and small in memory.

The newest are in memory, all others in segments on disk. The journal writes tags in its
groups, and has them all in synced segments before it begins another file: so what is in
memory is always rebuilt from the journal's last file.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Thread

import structlog

from quarterdeck.kernel.installation import make_private
from quarterdeck.trail.log.model import Known
from quarterdeck.trail.log.storage import segments
from quarterdeck.trail.log.storage.segments import SUFFIX, Segment

HOT = 1 << 15
"""Tags in memory before they become a segment: 10 MB, sorted in some 10 ms."""

TIER = 8
"""So many neighbouring segments of one tier become one of the next."""

BUCKETS = 256

log = structlog.get_logger("journal")


class Tags:
    """The used tags of one journal. For its holder alone, one call at a time; any may ``find``."""

    def __init__(self, folder: Path) -> None:
        make_private(folder)
        self._folder = folder
        self._hot: dict[bytes, Known] = {}
        self._cooling: dict[bytes, Known] = {}
        self._segments: dict[Path, Segment] = {}
        self._writer: Thread | None = None
        self.reload()

    def find(self, keys: Iterable[bytes]) -> dict[bytes, Known]:
        """What those of the keys that were used were used for."""
        # In the order in which they move on, so that none is missed on its way.
        hot, cooling, known = self._hot, self._cooling, self._segments
        found = {key: place[key] for key in keys for place in (cooling, hot) if key in place}
        probes = [segments.probe(key) for key in keys] if known else []
        for segment in known.values():
            found |= segment.find(probes)
        return found

    def add(self, used: Mapping[bytes, Known]) -> None:
        """Remember the keys; they must be in the journal already."""
        self._hot |= used

    def spill(self) -> None:
        """Let go of memory where there is too much to hold; another thread does the work.

        What it cannot write stays in memory, and is tried again.
        """
        if len(self._hot) < HOT:
            return
        self.settle()
        self._set_aside()
        self._writer = Thread(target=self._cool, name="tags", daemon=True)
        self._writer.start()

    def flush(self) -> None:
        """Have every key in a synced segment; raise OSError if that cannot be."""
        self.settle()
        self._set_aside()
        self._write(self._cooling)

    def settle(self) -> None:
        """Wait for the other thread."""
        if self._writer is not None:
            self._writer.join()
            self._writer = None

    def _set_aside(self) -> None:
        # Whoever looks meanwhile, in another thread, finds each key in one of them. What the
        # thread before left there, however it ended, goes with the rest.
        self._cooling, self._hot = self._cooling | self._hot, {}

    def _cool(self) -> None:
        try:
            self._write(self._cooling)
        except OSError as error:
            log.warning("tags stay in memory", keys=len(self._cooling), why=str(error))

    def _write(self, keys: Mapping[bytes, Known]) -> None:
        if not keys:
            return
        rows = sorted([segments.row(key, k.index, k.digest) for key, k in keys.items()])
        self.reload()
        number = 1 + max((segment.last for segment in self._segments.values()), default=0)
        path = segments.write(self._folder, number, number, rows)
        self._segments = {**self._segments, path: Segment(path)}
        self._cooling = {}

    def reload(self) -> None:
        """See what was merged meanwhile."""
        while not self._reloaded():
            pass

    def _reloaded(self) -> bool:
        names = standing(self._folder)
        try:
            self._segments = {p: self._segments.get(p) or Segment(p) for p in names}
        except FileNotFoundError:  # merged since its name was read: the wider one is there now
            return False
        return True


def standing(folder: Path) -> list[Path]:
    """The segments that no wider one replaces, widest first."""
    paths = sorted(folder.glob(f"*{SUFFIX}"), key=lambda p: (-_span(p), p.name))
    found: list[Path] = []
    for path in paths:
        if not any(_covers(wider, path) for wider in found):
            found.append(path)
    return found


def merge(folder: Path) -> bool:
    """Merge one run of neighbours of one tier, if there is one; whether there may be more.

    Any process may, one at a time. Whoever has the old ones open goes on reading them.
    """
    run = _run([Segment(p) for p in standing(folder)])
    if not run:
        return False
    count = sum(map(len, run))
    segments.write_all(folder, run[0].first, run[-1].last, count, _merged(run))
    for segment in run:
        segment.path.unlink()
    return True


def _run(found: Sequence[Segment]) -> Sequence[Segment]:
    ordered = sorted(found, key=lambda s: s.first)
    for start in range(len(ordered) - TIER + 1):
        run = ordered[start : start + TIER]
        if len({_tier(len(s)) for s in run}) == 1:
            return run
    return ()


def _tier(rows: int) -> int:
    return max(0, (rows // HOT).bit_length() - 1) // 3


def _merged(run: Sequence[Segment]) -> Iterator[list[bytes]]:
    # Keys are spread evenly: by their first byte, memory holds a 256th of them.
    for first in range(BUCKETS):
        low, high = bytes([first]), bytes([first + 1]) if first + 1 < BUCKETS else None
        rows: list[bytes] = []
        for segment in run:
            start = bisect_left(segment, low)
            end = bisect_left(segment, high) if high else len(segment)
            rows += segment[start:end]
        rows.sort()
        yield rows


def _span(path: Path) -> int:
    first, last = map(int, path.stem.split("-"))
    return last - first


def _covers(wider: Path, path: Path) -> bool:
    first, last = map(int, wider.stem.split("-"))
    low, high = map(int, path.stem.split("-"))
    return first <= low and high <= last
