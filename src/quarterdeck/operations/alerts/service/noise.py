"""Which alerts wake people for nothing: they end by themselves, and nobody was on them."""

from dataclasses import dataclass
from datetime import timedelta

from quarterdeck.kernel.clock import MICROSECOND
from quarterdeck.kernel.work import Work
from quarterdeck.operations.alerts.service.looking import seen
from quarterdeck.operations.alerts.store import noise as store

SHORT = timedelta(minutes=5)
MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """What came of the alerts of one type.

    Attributes:
        by_itself: how many ended with no hand laid on them; ``untouched``: of these, how many
            nobody had acknowledged; ``short``: how many within five minutes.
    """

    type: str
    fired: int
    acknowledged: int
    by_itself: int
    untouched: int
    short: int

    @property
    def share(self) -> float:
        """How much of what fired was for nothing, 0 to 1."""
        return self.untouched / self.fired


def noise(work: Work, tenant: str, within: timedelta) -> list[Noise]:
    """What came of the alerts that fired within a time until now, the noisiest type first."""
    tenants = seen(work, tenant)
    rows = store.by_type(work.db, tenants, work.now - within, SHORT // MICROSECOND, MOST)
    return [
        Noise(
            type=row.type,
            fired=row.fired,
            acknowledged=int(row.acknowledged),
            by_itself=int(row.by_itself),
            untouched=int(row.untouched),
            short=int(row.short),
        )
        for row in rows
    ]
