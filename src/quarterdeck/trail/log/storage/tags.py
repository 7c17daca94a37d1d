"""Which tags were used: exact, kept as long as the records, and small in memory.

The newest are in memory, all others in segments on disk. The journal writes tags in its
groups, and has them all in synced segments before it begins another file: so what is in
memory is always rebuilt from the journal's last file.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from quarterdeck.kernel.installation import make_private
from quarterdeck.trail.log.model import Known
from quarterdeck.trail.log.storage import segments
from quarterdeck.trail.log.storage.segments import KEY_BYTES, SUFFIX, Segment

HOT = 1 << 15
"""Tags in memory before they become a segment: 10 MB, sorted in some 10 ms."""

TIER = 8
"""So many neighbouring segments of one tier become one of the next."""

BUCKETS = 256


def key_of(log: str, tag: bytes) -> bytes:
    """The key of a tag: 16 bytes, evenly spread, apart for each log."""
    return sha256(b"%b\0%b" % (log.encode(), tag)).digest()[:KEY_BYTES]


class Tags:
    """The used tags of one journal. For its holder alone, one call at a time."""

    def __init__(self, folder: Path) -> None:
        make_private(folder)
        self._folder = folder
        self._hot: dict[bytes, Known] = {}
        self._segments: dict[Path, Segment] = {}
        self.reload()

    def find(self, key: bytes) -> Known | None:
        """What the key was used for, if it was."""
        found = self._hot.get(key)
        if found is not None:
            return found
        for segment in self._segments.values():
            found = segment.find(key)
            if found is not None:
                return found
        return None

    def add(self, key: bytes, known: Known) -> None:
        """Remember the key; it must be in the journal already."""
        self._hot[key] = known

    def spill(self) -> None:
        """Let go of memory where there is too much to hold."""
        if len(self._hot) >= HOT:
            self.flush()

    def flush(self) -> None:
        """Have every key in a synced segment."""
        if not self._hot:
            return
        rows = sorted(segments.row(k, v.index, v.digest) for k, v in self._hot.items())
        self.reload()
        number = 1 + max((segment.last for segment in self._segments.values()), default=0)
        path = segments.write(self._folder, number, number, rows)
        # Whoever looks meanwhile, in another thread, finds each key in one of the two.
        self._segments = {**self._segments, path: Segment(path)}
        self._hot = {}

    def reload(self) -> None:
        """See what was merged meanwhile."""
        names = standing(self._folder)
        self._segments = {p: self._segments.get(p) or Segment(p) for p in names}


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
