"""What is not read for now: held until its cloud is healthy, or paused by somebody."""

from dataclasses import dataclass
from datetime import datetime

from quarterdeck.kernel.ids import ConnectionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A connection's domain that is not read until its cloud says that it is healthy.

    Attributes:
        run: the one that failed.
        words: the cloud's, when it was last asked.
    """

    connection: ConnectionId
    domain: str
    tenant: str
    run: str
    since: datetime
    asked_at: datetime
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A domain of one tenant that is not synced until somebody resumes it."""

    tenant: str
    domain: str
    actor: str
    at: datetime
