"""What questions are put to: the read models of one installation, as one process has them."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client import Counter
from sqlalchemy import Engine

from quarterdeck.kernel.cache import Cache
from quarterdeck.trail.log.ports import Reader
from quarterdeck.trail.projections.model import Name
from quarterdeck.trail.projections.opening import open_read
from quarterdeck.trail.query.model import Spot
from quarterdeck.trail.query.watch import Watch

KEPT_S, SLOW_MS, RECENT = 30.0, 200.0, 200
HITS = Counter("quarterdeck_query_cache_hits_total", "Questions that the cache answered.")
MISSES = Counter("quarterdeck_query_cache_misses_total", "Questions that it did not.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Explorer:
    """The read models, and what helps to answer from them.

    Attributes:
        search: whether words are indexed.
        cache: where what was asked for stands; good for as long as its log's read model
            has not moved, for a key says how far that was.
        recent: whether the cache knew, of the last questions.
    """

    read: Engine
    reader: Reader
    search: bool = False
    watch: Watch = field(default_factory=lambda: Watch(SLOW_MS))
    cache: Cache[list[Spot]] = field(default_factory=lambda: Cache(KEPT_S))
    recent: deque[bool] = field(default_factory=lambda: deque(maxlen=RECENT))

    def count(self, *, known: bool) -> None:
        """A question was asked, and the cache knew the answer or not."""
        self.recent.append(known)
        (HITS if known else MISSES).inc()

    @property
    def names(self) -> Sequence[str]:
        """The projections that are kept."""
        usual = (Name.TIMELINE, Name.ACTOR, Name.RESOURCE)
        return (*usual, Name.SEARCH) if self.search else usual


def open_explorer(
    engine: Engine, folder: Path, reader: Reader, *, search: bool = False, slow_ms: float = SLOW_MS
) -> Explorer:
    """The read models of the installation on ``engine``; those of SQLite are in ``folder``."""
    return Explorer(
        read=open_read(engine, folder), reader=reader, search=search, watch=Watch(slow_ms)
    )
