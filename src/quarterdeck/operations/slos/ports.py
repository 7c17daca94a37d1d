"""What SLOs need of those who have numbers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from quarterdeck.kernel.errors import Unavailable
from quarterdeck.operations.slos.model.measure import Measure, Slices


class SourceSilent(Unavailable):
    """A source did not answer: what it would have said is not known, and may be asked again."""


class Numbers(Protocol):
    """Counts events, slice by slice. Any thread; changes nothing."""

    def slices(self, tenant: str, measure: Measure, ends: Sequence[datetime]) -> Slices:
        """What ``measure`` counts in the slices that end at ``ends``, ascending.

        A slice of which there are no data is left out.

        Raises:
            SourceSilent: nobody answers.
            UnusableQuery: the query cannot be answered, ever.
        """
        ...
