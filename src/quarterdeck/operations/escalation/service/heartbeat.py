"""The heartbeat outside: while it is heard there, pages flow; when it is not, somebody is rung."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter
from sqlalchemy import Connection, Engine

from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.escalation.model.page import Page
from quarterdeck.operations.escalation.ports import Bell
from quarterdeck.operations.escalation.store import pages
from quarterdeck.operations.messages.service import looking as messages

TOGETHER = 200
"""Pages that are looked at together."""

log = structlog.get_logger("heartbeat")

RUNG = Counter(
    "quarterdeck_heartbeats_total",
    "Heartbeats outside: heard there, failed, or held back since pages do not flow.",
    ["outcome"],
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """Rings once a beat, unless a page waits longer than ``grace`` for its next step.

    Attributes:
        stalls: whether alerts of before an instant wait to be told of at all.
    """

    engine: Engine
    clock: Clock
    bell: Bell
    grace: timedelta = timedelta(seconds=60)
    stalls: Callable[[Connection, datetime], bool] = lambda _db, _before: False

    def beat(self) -> None:
        """Ring, if pages flow. What stands in its way is raised before it would."""
        now = self.clock()
        with reading(self.engine) as db:
            flows = self._flows(db, now)
        if not flows:
            log.error("no heartbeat: pages do not flow")
            RUNG.labels("held back").inc()
            return
        why = self.bell.ring()
        RUNG.labels("failed" if why else "heard").inc()
        if why:
            log.warning("the heartbeat outside failed", why=why)

    def _flows(self, db: Connection, now: datetime) -> bool:
        before = now - self.grace
        if pages.due(db, before, 1) or self.stalls(db, before):
            return False
        watched = pages.watched(db)
        parts = (watched[at : at + TOGETHER] for at in range(0, len(watched), TOGETHER))
        return not any(_stuck(db, some, before) for some in parts)


def _stuck(db: Connection, some: Sequence[Page], before: datetime) -> bool:
    own = Tenants(frozenset(one.tenant for one in some))
    return messages.pages_wait(db, own, [f"page/{one.id}" for one in some], before)
