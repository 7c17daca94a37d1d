"""What of a log was purged, noted while its bundles are read in order."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from quarterdeck.trail.integrity.model import Finding
from quarterdeck.trail.log import purges
from quarterdeck.trail.log.purges import UNNAMED, Named, Range

MOST_NAMED = 1000


@dataclass(slots=True)
class Purged:
    """What of a log was purged, as it is read.

    Attributes:
        gone: indices of entries of no bytes, as ranges.
        named: the purge records.
    """

    gone: list[Range] = field(default_factory=list)
    named: list[Named] = field(default_factory=list)

    def note(self, start: int, entries: Sequence[bytes]) -> None:
        """Look at the entries of a bundle; bundles come in order."""
        for index, entry in enumerate(entries, start):
            if not entry:
                self._gone(index)
            elif (named := purges.named(index, entry)) is not None:
                self.named.append(named)

    def judged(self) -> tuple[list[Finding], list[Finding]]:
        """What was removed and is named by no purge record; and what was purged by policy."""
        wrong: list[Finding] = []
        right: list[Finding] = []
        for start, end, by in purges.pieces(self.gone, self.named):
            where = f"entry {start}" if end == start + 1 else f"entries {start} to {end - 1}"
            if by is None:
                wrong.append(Finding(where, UNNAMED))
            else:
                right.append(Finding(where, by.words))
        return wrong[:MOST_NAMED], right[:MOST_NAMED]

    def _gone(self, index: int) -> None:
        if self.gone and self.gone[-1][1] == index:
            self.gone[-1] = (self.gone[-1][0], index + 1)
        else:
            self.gone.append((index, index + 1))
