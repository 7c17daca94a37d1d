"""Looking at notifications: what waits, what is late, what was sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quarterdeck.kernel.work import Work
from quarterdeck.operations.routing.notification import Notification
from quarterdeck.operations.routing.store import notifications

MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """Notifications, newest first, and how many are yet to be sent.

    Attributes:
        counts: ``waiting``, and of these ``late``: they failed at least once.
    """

    notifications: Sequence[Notification]
    counts: Mapping[str, int]


def outgoing(work: Work, tenant: str = "", states: Sequence[str] = ()) -> Outgoing:
    """What receivers were told, and are yet to be told."""
    tenants = work.require("alerts:read", tenant) if tenant else work.tenants("alerts:read")
    return Outgoing(
        notifications=notifications.listed(work.db, tenants, states, MOST),
        counts=notifications.counts(work.db, tenants),
    )
