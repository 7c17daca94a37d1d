"""One thing to tell one webhook, and what became of it. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from quarterdeck.operations.routing.notifying import Standing

WAITING, SENDING, SENT, FAILED, DROPPED = "waiting", "sending", "sent", "failed", "dropped"

Way = tuple[str, str, int]
"""One webhook: its tenant, its receiver, and its number among that one's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One thing to tell one webhook.

    Attributes:
        told: the id of what the webhook knows of the group.
        webhook: its number among its receiver's.
        attempts: how often sending was begun.
        fence: grows with each attempt; whoever holds an older one may write nothing.
        due_at: when it is sent next; while it is sent, when another may take over.
    """

    id: str
    tenant: str
    told: str
    group: str
    key: str
    receiver: str
    webhook: int
    standing: Standing
    body: str
    forget_after: timedelta
    state: str
    created_at: datetime
    due_at: datetime
    attempts: int = 0
    fence: int = 0
    error: str = ""
    ended_at: datetime | None = None

    @property
    def way(self) -> Way:
        """The webhook that is told."""
        return self.tenant, self.receiver, self.webhook
