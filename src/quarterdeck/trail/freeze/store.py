"""Investigations in SQL."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    String,
    Table,
    Text,
    delete,
    insert,
    or_,
    select,
    update,
)

from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.work import Tenants
from quarterdeck.trail.freeze.model import BY_HAND, Investigation, Quarantine, Suspicion

investigations = Table(
    "trail_investigation",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False, index=True),
    Column("suspicion", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("opened_by", String, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("where", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("quarantine_from", BigInteger),
    Column("quarantine_to", BigInteger),
    Column("outcome", String, nullable=False),
    Column("root_cause", Text, nullable=False),
    Column("closed_by", String, nullable=False),
    Column("closed_at", BigInteger),
    Column("evidence_held", Boolean, nullable=False),
)

quarantine = Table(
    "trail_quarantine",
    metadata,
    Column("investigation", String, primary_key=True),
    Column("log", String, primary_key=True, index=True),
    Column("first", BigInteger, nullable=False),
    Column("end", BigInteger),
)
"""What came into each log while an investigation of all was open."""

EVERY = "*"
"""Each log that began meanwhile: all that it has."""


def add(db: Connection, opened: Investigation) -> None:
    """Insert an investigation."""
    db.execute(insert(investigations).values(asdict(opened)))


def of_tenants(db: Connection, tenants: Tenants) -> list[Investigation]:
    """Every investigation of these tenants, newest first."""
    newest_first = (investigations.c.opened_at.desc(), investigations.c.id.desc())
    query = select(investigations).where(_of(tenants)).order_by(*newest_first)
    return [_investigation(dict(row)) for row in db.execute(query).mappings()]


def standing(db: Connection, tenants: Tenants) -> list[Investigation]:
    """Those that are open, or hold evidence; oldest first."""
    stands = or_(investigations.c.outcome == "", investigations.c.evidence_held)
    query = select(investigations).where(_of(tenants), stands)
    found = db.execute(query.order_by(investigations.c.id)).mappings()
    return [_investigation(dict(row)) for row in found]


def close(db: Connection, tenants: Tenants, closed: Investigation) -> bool:
    """Write how an open one ended; False if it is not open any more."""
    here = (_of(tenants), investigations.c.id == closed.id, investigations.c.outcome == "")
    values = {
        name: getattr(closed, name)
        for name in (
            "outcome",
            "root_cause",
            "closed_by",
            "closed_at",
            "quarantine_to",
            "evidence_held",
        )
    }
    return db.execute(update(investigations).where(*here).values(values)).rowcount == 1


def begin_quarantines(db: Connection, investigation: str, sizes: Mapping[str, int]) -> None:
    """Put what comes into these logs from now on, and into those that begin, into quarantine."""
    rows = [
        {"investigation": investigation, "log": log, "first": size}
        for log, size in ({EVERY: 0} | dict(sizes)).items()
    ]
    db.execute(insert(quarantine), rows)


def end_quarantines(db: Connection, investigation: str, sizes: Mapping[str, int]) -> None:
    """End those of an investigation where these logs end now; nothing if it has none."""
    of_it = quarantine.c.investigation == investigation
    if not db.execute(delete(quarantine).where(of_it, quarantine.c.log == EVERY)).rowcount:
        return
    known = set(db.scalars(select(quarantine.c.log).where(of_it)))
    for log, size in sizes.items():
        if log in known:
            here = (of_it, quarantine.c.log == log)
            db.execute(update(quarantine).where(*here).values(end=size))
        else:
            row = {"investigation": investigation, "log": log, "first": 0, "end": size}
            db.execute(insert(quarantine).values(row))


def quarantines(db: Connection, tenants: Tenants) -> list[Quarantine]:
    """What is or was in quarantine of the logs of these tenants; EVERY among them."""
    found = _alone(db, tenants)
    mine = or_(tenants.clause(quarantine.c.log), quarantine.c.log == EVERY)
    query = select(quarantine, investigations.c.outcome).join(
        investigations, investigations.c.id == quarantine.c.investigation
    )
    for row in db.execute(query.where(mine).order_by(quarantine.c.investigation)):
        found.append(_quarantine(row.investigation, row.log, (row.first, row.end), row.outcome))
    return found


def release(db: Connection, tenants: Tenants, investigation: str) -> bool:
    """Hold its evidence no longer; False if it held none."""
    here = (
        _of(tenants),
        investigations.c.id == investigation,
        investigations.c.outcome != "",
        investigations.c.evidence_held,
    )
    return db.execute(update(investigations).where(*here).values(evidence_held=False)).rowcount == 1


def _alone(db: Connection, tenants: Tenants) -> list[Quarantine]:
    """Those of investigations into one log."""
    one = investigations.c
    query = select(one.id, one.tenant, one.quarantine_from, one.quarantine_to, one.outcome).where(
        _of(tenants), one.quarantine_from.is_not(None), one.suspicion.in_(BY_HAND)
    )
    return [
        _quarantine(row.id, row.tenant, (row.quarantine_from, row.quarantine_to), row.outcome)
        for row in db.execute(query.order_by(one.id))
    ]


def _quarantine(
    investigation: str, log: str, between: tuple[int, int | None], outcome: str
) -> Quarantine:
    first, end = between
    return Quarantine(
        investigation=investigation, tenant=log, first=first, end=end, outcome=outcome
    )


def _of(tenants: Tenants) -> Any:  # noqa: ANN401  an SQL condition
    return tenants.clause(investigations.c.tenant)


def _investigation(row: dict[str, Any]) -> Investigation:
    return Investigation(**row | {"suspicion": Suspicion(row["suspicion"])})
