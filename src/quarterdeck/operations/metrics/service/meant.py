"""Which series a selector means, a few at a time: a question takes little memory, however wide."""

from collections.abc import Iterator, Sequence

from quarterdeck.kernel.db import BULK_ROWS
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.metrics.opening import Metrics
from quarterdeck.operations.metrics.selector import Selector
from quarterdeck.operations.metrics.store import names
from quarterdeck.operations.metrics.store.names import Known

MOST_SERIES = 10_000
"""Of one question."""


class TooManySeries(Invalid):
    """More series are meant than one question may read."""


def meant(metrics: Metrics, own: Tenants, selector: Selector) -> list[Known]:
    """The series, in the order they began.

    Raises:
        TooManySeries: there are more than ``MOST_SERIES``.
    """
    with metrics.reading() as db:
        known = names.of_name(db, own, selector.name)
    found = [series for series in known if selector.accepts(series.labels)]
    if len(found) > MOST_SERIES:
        raise TooManySeries(
            f"{selector} means {len(found)} series, and one question may read {MOST_SERIES}"
        )
    return found


def batches(found: Sequence[Known], each: int, most: int) -> Iterator[Sequence[Known]]:
    """So many series at a time that, of ``each`` rows a series, ``most`` are read at once."""
    size = max(1, min(BULK_ROWS, most // max(1, each)))
    for first in range(0, len(found), size):
        yield found[first : first + size]
