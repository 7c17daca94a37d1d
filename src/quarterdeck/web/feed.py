"""What happens to tenants, as it happens: facts after a position, in order."""

import re
from collections.abc import Mapping, Sequence

from quarterdeck.events import EVENTS
from quarterdeck.kernel import outbox
from quarterdeck.kernel.clock import instant, rfc3339
from quarterdeck.kernel.outbox import Fact
from quarterdeck.kernel.work import Work
from quarterdeck.web.faults import InvalidRequest

PERMISSION = "events:read"
FACTS_A_READ = 100
ONE = re.compile(r"([^:\s]{1,200}):(\d{1,18})")

Position = Mapping[str, int]
"""The last sequence seen of each tenant."""


def newest(work: Work, tenants: Sequence[str]) -> Position:
    """The position after everything that has happened."""
    for tenant in tenants:
        work.require(PERMISSION, tenant)
    return {tenant: outbox.last(work.db, tenant) for tenant in tenants}


def since(work: Work, position: Position) -> list[Fact]:
    """Some of what happened after ``position``; of each tenant in order, without a gap."""
    found: list[Fact] = []
    for tenant, sequence in position.items():
        work.require(PERMISSION, tenant)
        found += outbox.after(work.db, tenant, sequence, FACTS_A_READ)
    return found


def shown(fact: Fact) -> dict[str, object]:
    """A fact for those who may watch: the fields that its log shows in clear, no others."""
    kind = EVENTS.get(fact.name)
    public = kind.public if kind else frozenset()
    return {
        "id": fact.id,
        "tenant": fact.tenant,
        "sequence": fact.sequence,
        "event": fact.name,
        "at": rfc3339(instant(fact.moment)),
        "actor": fact.actor,
        "request_id": fact.request,
        "fields": {name: value for name, value in fact.payload.items() if name in public},
    }


def written(position: Position) -> str:
    """``position`` as the id of an event: ``acme:12 beta:7``."""
    return " ".join(f"{tenant}:{sequence}" for tenant, sequence in sorted(position.items()))


def read_back(text: str, tenants: Sequence[str], start: Position) -> Position:
    """The position that a client has come to, of ``tenants``; ``start`` where it names none.

    Raises:
        InvalidRequest: ``text`` is no position.
    """
    parts = [ONE.fullmatch(part) for part in text.split()]
    if None in parts:
        raise InvalidRequest("Last-Event-ID must be the id of an event of this stream")
    told = {part[1]: int(part[2]) for part in parts if part}
    # Past the newest there is nothing: a position from another installation's log.
    return {t: min(told.get(t, start[t]), start[t]) for t in tenants}
