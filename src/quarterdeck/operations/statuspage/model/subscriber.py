"""Who reads a status page by mail. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

MOST_ASKS, ASKS_WITHIN = 3, timedelta(days=1)
"""Mails that ask one address whether it is meant: strangers type in whatever they like."""

MOST_ASKED, ASKED_WITHIN = 200, timedelta(hours=1)
"""Addresses of one page that are asked so."""

CONFIRMED_WITHIN = timedelta(days=2)
MOST_SUBSCRIBERS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """An address; until ``confirmed_at`` it is told nothing.

    Attributes:
        asks: how often it was asked whether it is meant, since ``asked_since``.
        asked_at: when last.
    """

    id: str
    tenant: str
    address: str
    asks: int
    asked_since: datetime
    asked_at: datetime
    confirmed_at: datetime | None = None

    def may_be_asked(self, now: datetime) -> bool:
        """Whether another mail to it is no nuisance."""
        return self.asks < MOST_ASKS or now - self.asked_since >= ASKS_WITHIN
