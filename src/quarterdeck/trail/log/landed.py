"""Leaves that stand as rows in SQLite, from before there was a journal: moved into it, as
they are. The rows are left where they are; nothing reads them any more.
"""

from sqlalchemy import Engine

from quarterdeck.kernel.db import reading
from quarterdeck.trail.log.appender import raw_tag
from quarterdeck.trail.log.model import Log, LogDamaged, Prepared
from quarterdeck.trail.log.record import members, received_at
from quarterdeck.trail.log.storage import leaves
from quarterdeck.trail.log.storage.journal import FileJournal
from quarterdeck.trail.log.storage.rows import SqlReader

GROUP = 500


def move(engine: Engine, journal: FileJournal) -> int:
    """Append to ``journal`` the leaves that only rows hold; how many.

    The same bytes at the same places, so the tree and every checkpoint stay what they are. One
    that was broken off goes on where it was.

    Raises:
        LogDamaged: a row is missing, so that what follows it would move up.
    """
    with reading(engine) as db:
        logs = leaves.every(db)
    return sum(_move(SqlReader(engine), journal, log) for log in logs)


def _move(rows: SqlReader, journal: FileJournal, log: Log) -> int:
    moved = 0
    while (start := journal.sizes.get(log.tenant, 0)) < log.size:
        group = _prepared(rows, log.tenant, start)
        placed = [one.index for one in journal.append(group)]
        if not group or placed != list(range(start, start + len(group))):
            raise LogDamaged(
                f"the log of {log.tenant} cannot be moved into the journal: a leaf at or after "
                f"{start} is missing or twice; put the database back from a backup"
            )
        moved += len(group)
    return moved


def _prepared(rows: SqlReader, log: str, start: int) -> list[Prepared]:
    return [
        Prepared(
            log=log,
            record=str(record["id"]),
            entry=leaf.entry,
            hash=leaf.hash,
            moment=received_at(leaf.entry),
            tag=raw_tag(str(record["idempotency"])),
            disclosures=tuple(rows.disclosures(log, leaf.index)),
        )
        for leaf in rows.read(log, start, GROUP)
        for record in (members(leaf.entry),)
    ]
