"""Passing over facts that a subscriber does not hear, of all subscribers and tenants at once.

A hundred tenants times a dozen subscribers, of whom one or two hear what happened, would each
look and move on in a transaction of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, bindparam, func, select

from quarterdeck.kernel.db import brief, writing
from quarterdeck.kernel.deliveries import Subscriber, Waiting, moving, positions
from quarterdeck.kernel.outbox import outbox, sequences

FEW = 200
"""Who is behind by more facts of a tenant goes through them by hearing: nobody else need look at
what keeps one."""

MOST_LOOKED_AT = 2_000  # of all tenants; who waits with others goes by hearing too


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """A subscriber that hears none of a tenant's facts after ``place`` up to ``end``."""

    subscriber: str
    tenant: str
    place: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A tenant's facts after ``since``, in order, as far as was looked: sequence and name."""

    since: int
    facts: Sequence[tuple[int, str]]

    def passing(self, to: Subscriber, tenant: str, place: int) -> Passing | None:
        """How far ``to`` may pass from ``place``; None: it is to hear something, or who knows."""
        if to.hears is None or not max(self.since, 1) <= place < self.facts[-1][0]:
            return None  # not from 0 either: who never was anywhere has no place to be moved
        if any(at > place and name in to.hears for at, name in self.facts):
            return None
        return Passing(subscriber=to.name, tenant=tenant, place=place, end=self.facts[-1][0])


def passing(db: Connection, waiting: Sequence[Waiting]) -> list[Passing]:
    """Who of those who wait hears nothing of what there is."""
    choosy = sorted({to.name for to, _, _ in waiting if to.hears is not None})
    seen = _seen(db, choosy) if choosy else {}
    found = [seen[tenant].passing(to, tenant, at) for to, tenant, at in waiting if tenant in seen]
    return [one for one in found if one]


def pass_over(engine: Engine, some: Sequence[Passing]) -> None:
    """Have each of ``some`` be where it passes to, unless another worker has moved it."""
    if not some:
        return
    # In one order everywhere, or two workers could wait for each other's rows.
    ordered = sorted(some, key=lambda one: (one.subscriber, one.tenant))
    with writing(engine) as db:
        brief(db)
        db.execute(
            moving(),
            [
                {"of": one.subscriber, "in": one.tenant, "old": one.place, "new": one.end}
                for one in ordered
            ],
        )


def _seen(db: Connection, subscribers: Sequence[str]) -> dict[str, Seen]:
    rows = db.execute(_ahead(), {"of": subscribers, "few": FEW, "most": MOST_LOOKED_AT})
    return {tenant: _of(list(own)) for tenant, own in groupby(rows, lambda row: row.tenant)}


def _of(rows: Sequence[Row[Any]]) -> Seen:
    return Seen(since=rows[0].since, facts=[(row.sequence, row.name) for row in rows])


@cache
def _ahead() -> Select[Any]:
    last = (
        select(positions.c.tenant, func.min(positions.c.sequence).label("since"))
        .join(sequences, sequences.c.tenant == positions.c.tenant)
        .where(
            positions.c.subscriber.in_(bindparam("of", expanding=True)),
            positions.c.sequence < sequences.c.last,
            positions.c.sequence >= sequences.c.last - bindparam("few"),
        )
        .group_by(positions.c.tenant)
        .subquery()
    )
    return (
        select(outbox.c.tenant, outbox.c.sequence, outbox.c.name, last.c.since)
        .join(last, last.c.tenant == outbox.c.tenant)
        .where(outbox.c.sequence > last.c.since)
        .order_by(outbox.c.tenant, outbox.c.sequence)
        .limit(bindparam("most"))
    )
