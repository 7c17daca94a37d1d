"""From where a listing is read by its changes, and when it is to be read whole again. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Where the last reading of a listing left off.

    Attributes:
        token: what the cloud is asked with; empty where it tells no changes.
        since: all that changed before is known.
        whole_at: when all of it was last read.
    """

    part: str
    token: str
    since: datetime
    whole_at: datetime

    def whole_due(self, every: timedelta) -> datetime:
        """When all of it is to be read again, to find what the changes did not tell."""
        return self.whole_at + every if self.token else self.since
