"""Passing over facts that a subscriber does not hear, of all its tenants at once.

A hundred tenants times a dozen subscribers, of whom one or two hear what happened, would each
move on in a transaction of their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Select,
    String,
    and_,
    bindparam,
    exists,
    func,
    select,
    update,
)

from quarterdeck.kernel.db import brief, writing
from quarterdeck.kernel.deliveries import begin_places, positions
from quarterdeck.kernel.outbox import MOST_PASSED, outbox, sequences


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """A subscriber that hears none of a tenant's facts after ``place`` up to ``last``."""

    subscriber: str
    tenant: str
    place: int
    last: int


def unheard(db: Connection, subscriber: str, names: Sequence[str]) -> Mapping[str, Passing]:
    """By tenant, where ``subscriber`` is behind, and no fact with one of ``names`` awaits it."""
    rows = db.execute(_unheard(), {"of": subscriber, "names": names, "most": MOST_PASSED})
    return {
        row.tenant: Passing(
            subscriber=subscriber, tenant=row.tenant, place=row.place, last=row.last
        )
        for row in rows
    }


def pass_over(engine: Engine, some: Sequence[Passing]) -> None:
    """Have each of ``some`` be where it passes to, unless another worker has moved it."""
    if not some:
        return
    # In one order everywhere, or two workers could wait for each other's rows.
    ordered = sorted(some, key=lambda one: (one.subscriber, one.tenant))
    with writing(engine) as db:
        brief(db)
        begin_places(db, [(one.subscriber, one.tenant) for one in ordered if not one.place])
        db.execute(
            _move(),
            [
                {"of": one.subscriber, "in": one.tenant, "old": one.place, "new": one.last}
                for one in ordered
            ],
        )


@cache
def _move() -> Any:  # noqa: ANN401  an update
    mine = (
        positions.c.subscriber == bindparam("of"),
        positions.c.tenant == bindparam("in"),
        positions.c.sequence == bindparam("old"),
    )
    return update(positions).where(*mine).values(sequence=bindparam("new"), tries=0, retry_at=0)


@cache
def _unheard() -> Select[Any]:
    # One statement sees the last fact and all before it, or not that it is the last.
    place = func.coalesce(positions.c.sequence, 0)
    of = bindparam("of", type_=String)
    mine = and_(positions.c.tenant == sequences.c.tenant, positions.c.subscriber == of)
    heard = exists().where(
        outbox.c.tenant == sequences.c.tenant,
        outbox.c.sequence > place,
        outbox.c.sequence <= sequences.c.last,
        outbox.c.name.in_(bindparam("names", expanding=True)),
    )
    return (
        select(sequences.c.tenant, place.label("place"), sequences.c.last)
        .join_from(sequences, positions, mine, isouter=True)
        .where(place < sequences.c.last, sequences.c.last - place <= bindparam("most"), ~heard)
    )
