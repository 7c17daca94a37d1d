"""What questions are put to: the read models of one installation, as one process has them."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client import Counter
from sqlalchemy import Engine

from quarterdeck.kernel.cache import Cache
from quarterdeck.trail.log.ports import Reader
from quarterdeck.trail.projections.model import ROWS, Name
from quarterdeck.trail.projections.opening import open_read
from quarterdeck.trail.projections.service.fields import Fields
from quarterdeck.trail.query.model import Spot
from quarterdeck.trail.query.watch import Watch

KEPT_S, SLOW_MS, RECENT = 30.0, 200.0, 200
HITS = Counter("quarterdeck_query_cache_hits_total", "Questions that the cache answered.")
MISSES = Counter("quarterdeck_query_cache_misses_total", "Questions that it did not.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Explorer:
    """The read models, and what helps to answer from them.

    Attributes:
        fields: what opens committed fields.
        search: whether words are indexed.
        by_field: whether committed fields are, by their exact value.
        cache: where what was asked for stands; good for as long as its log's read model
            has not moved, for a key says how far that was.
        recent: whether the cache knew, of the last questions.
    """

    read: Engine
    reader: Reader
    fields: Fields
    search: bool = False
    by_field: bool = True
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
        if_kept = ((Name.FIELDS, self.by_field), (Name.SEARCH, self.search))
        return (*ROWS, *(name for name, kept in if_kept if kept))


def open_explorer(
    engine: Engine,
    folder: Path,
    fields: Fields,
    *,
    search: bool = False,
    by_field: bool = True,
    slow_ms: float = SLOW_MS,
) -> Explorer:
    """The read models of the installation on ``engine``; those of SQLite are in ``folder``."""
    return Explorer(
        read=open_read(engine, folder),
        reader=fields.reader,
        fields=fields,
        search=search,
        by_field=by_field,
        watch=Watch(slow_ms),
    )
