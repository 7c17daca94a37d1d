"""Events on their way out.

An event is written with the change it reports, in one transaction, and
delivered afterwards by the worker: at least once, in order for each tenant.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    delete,
    insert,
    select,
    text,
    update,
)

from quarterdeck.kernel.bulk import put
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.db import BULK_ROWS, metadata
from quarterdeck.kernel.event import Event

outbox = Table(
    "kernel_outbox",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("actor", String, nullable=False),
    Column("request", String, nullable=False),
    Column("moment", BigInteger, nullable=False),
    Column("name", String, nullable=False),
    Column("payload", Text, nullable=False),
    UniqueConstraint("tenant", "sequence"),
    Index("kernel_outbox_moment", "moment"),
)

sequences = Table(
    "tenant_sequence",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("last", BigInteger, nullable=False),
)

MOST_PASSED = 10_000
"""Facts of other names that are passed over at once."""

START = text("INSERT INTO tenant_sequence VALUES (:tenant, 0) ON CONFLICT DO NOTHING")


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """An event with its id, who caused it, and when (microseconds UTC).

    Attributes:
        request: the id of the request or job that caused it.
    """

    id: str
    event: Event
    actor: str
    request: str
    moment: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """An envelope as subscribers get it: opened by name, its payload a JSON object."""

    id: str
    tenant: str
    sequence: int
    actor: str
    request: str
    moment: int
    name: str
    payload: dict[str, Any]


def post(db: Connection, envelopes: Sequence[Envelope]) -> None:
    """Write ``envelopes``, in order. Must be the last that happens before commit.

    Taking a number locks its tenant's sequence until the transaction ends, so
    numbers are in the order of commits. An auto-increment is not: a reader that
    has seen 8 would never look again for a 7 that commits later.
    """
    # Sorted by tenant, or two transactions could wait for each other's sequence.
    ordered = sorted(envelopes, key=_tenant)
    for tenant, group in groupby(ordered, key=_tenant):
        own = list(group)
        first = _take(db, tenant, len(own))
        rows = [_row(e, n) for n, e in enumerate(own, first)]
        if db.dialect.name == "sqlite":
            put(db, outbox, rows)
        else:  # not copied: they are few, and who measures statements sees no copy
            db.execute(insert(outbox), rows)


def after(db: Connection, tenant: str, sequence: int, limit: int) -> list[Fact]:
    """The tenant's next ``limit`` facts after ``sequence``, in order."""
    query = (
        select(outbox)
        .where(outbox.c.tenant == tenant, outbox.c.sequence > sequence)
        .order_by(outbox.c.sequence)
        .limit(limit)
    )
    return [_fact(row) for row in db.execute(query)]


def heard(
    db: Connection, tenant: str, sequence: int, limit: int, names: Collection[str] | None
) -> tuple[list[Fact], int]:
    """As ``after``, of those with one of ``names`` (None: any); and how far was looked."""
    if names is None:
        facts = after(db, tenant, sequence, limit)
        return facts, facts[-1].sequence if facts else sequence
    # Asked first: what is committed meanwhile is not found below, and must not be passed over.
    end = min(last(db, tenant), sequence + MOST_PASSED)
    query = (
        select(outbox)
        .where(
            outbox.c.tenant == tenant,
            outbox.c.sequence > sequence,
            outbox.c.sequence <= end,
            outbox.c.name.in_(names),
        )
        .order_by(outbox.c.sequence)
        .limit(limit)
    )
    facts = [_fact(row) for row in db.execute(query)]
    return facts, facts[-1].sequence if len(facts) == limit else end


def last(db: Connection, tenant: str) -> int:
    """The sequence of the tenant's newest fact; 0 before the first."""
    return db.scalar(select(sequences.c.last).where(sequences.c.tenant == tenant)) or 0


def prune(db: Connection, tenant: str, through: int, before: datetime) -> int:
    """Forget the tenant's oldest facts, at most ``BULK_ROWS``; how many.

    Only those up to sequence ``through``, which every subscriber must have received, that
    are older than ``before``: until then, live streams may ask for them again.
    """
    old = (
        select(outbox.c.id)
        .where(
            outbox.c.tenant == tenant,
            outbox.c.sequence <= through,
            outbox.c.moment < micros(before),
        )
        .order_by(outbox.c.sequence)
        .limit(BULK_ROWS)
    )
    return db.execute(delete(outbox).where(outbox.c.id.in_(old))).rowcount


def _tenant(envelope: Envelope) -> str:
    return envelope.event.tenant


def _take(db: Connection, tenant: str, count: int) -> int:
    """The first of ``count`` numbers that are now the caller's."""
    take = (
        update(sequences)
        .where(sequences.c.tenant == tenant)
        .values(last=sequences.c.last + count)
        .returning(sequences.c.last)
    )
    last: int | None = db.scalar(take)
    if last is None:
        db.execute(START, {"tenant": tenant})
        last = db.scalars(take).one()
    return last - count + 1


def _row(envelope: Envelope, sequence: int) -> dict[str, str | int]:
    return {
        "id": envelope.id,
        "tenant": envelope.event.tenant,
        "sequence": sequence,
        "actor": envelope.actor,
        "request": envelope.request,
        "moment": envelope.moment,
        "name": type(envelope.event).__name__,
        "payload": json.dumps(asdict(envelope.event)),
    }


def _fact(row: Row[Any]) -> Fact:
    return Fact(**row._asdict() | {"payload": json.loads(row.payload)})
