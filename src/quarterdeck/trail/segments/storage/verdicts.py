"""The last verdict on each segment: what the running check, or a person who asked, found."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, String, Table, Text, select
from sqlalchemy.dialects import postgresql, sqlite

from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.work import Tenants
from quarterdeck.trail.segments.model import Judged, SegmentVerdict

verdicts = Table(
    "trail_segment_verdict",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("found", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)


def put(
    db: Connection, tenants: Tenants, place: tuple[str, int], verdict: SegmentVerdict, at: int
) -> None:
    """Keep a verdict on the segment of a tenant with a number, in the place of the one before."""
    insert: Any = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    found = {one.name: list(one.found) for one in verdict.results}
    row = {"tenant": place[0], "number": place[1], "found": json.dumps(found), "at": at}
    write = insert(verdicts).values(row)
    write = write.on_conflict_do_update(
        index_elements=["tenant", "number"],
        set_=row,
        where=tenants.clause(verdicts.c.tenant),
    )
    db.execute(write)


def of_segments(
    db: Connection, tenants: Tenants, tenant: str, numbers: Sequence[int]
) -> dict[int, Judged]:
    """The last verdicts on segments of a tenant, by number."""
    query = select(verdicts).where(
        tenants.clause(verdicts.c.tenant),
        verdicts.c.tenant == tenant,
        verdicts.c.number.in_(numbers),
    )
    return {row.number: Judged(json.loads(row.found), row.at) for row in db.execute(query)}
