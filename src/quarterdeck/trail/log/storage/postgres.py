"""The journal on PostgreSQL: one group is one transaction, in whichever process.

It locks the heads of its logs in order, so that groups follow each other, assigns indices,
copies the leaves in, advances the heads and commits. Nobody holds the journal between groups,
and who stops within one (a machine that sleeps, a process that is paused) loses its turn: the
database ends its transaction, of which nothing was acknowledged.
"""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import (
    Connection,
    Engine,
    text,
)
from sqlalchemy.exc import DBAPIError

from quarterdeck.kernel.db import DatabaseUnavailable, reading, writing
from quarterdeck.trail.log.model import Appended, Known, LogNotFound, Prepared

DIGEST_BYTES = 16
STALLED_S = 5.0
"""After which a process that is silent within its group loses its turn."""

LOCK_WAITED = "55P03"
# The commit is what is acknowledged: whatever server, database or role say by default, it is on
# the disk by then. Where the server asks for more (remote_apply), that holds.
LIMITS = text(
    "SELECT set_config('idle_in_transaction_session_timeout', :silent, true), "
    "set_config('lock_timeout', :waits, true), "
    "set_config('synchronous_commit', CASE current_setting('synchronous_commit') "
    "WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, true)"
)
# PostgreSQL's own limits pass over a COPY that waits for its rows.
END_STALLED = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND usename = current_user "
    "AND state = 'active' AND wait_event = 'ClientRead' AND query LIKE 'COPY trail\\_%' "
    "AND query_start < clock_timestamp() - make_interval(secs => :silent_s)"
)
HEADS = text("SELECT log, size FROM trail_log WHERE log = ANY(:of) ORDER BY log FOR UPDATE")
ADVANCE = text("UPDATE trail_log SET size = :size WHERE log = :log")
LEAVES = "COPY trail_leaf (log, idx, record, hash, entry, moment) FROM STDIN (FORMAT BINARY)"
TAGS = "COPY trail_tag (log, tag, idx, digest) FROM STDIN (FORMAT BINARY)"
SEALED = "COPY trail_disclosure (log, idx, path, data_key, sealed) FROM STDIN (FORMAT BINARY)"
LEAF_TYPES = ["varchar", "int8", "varchar", "bytea", "bytea", "int8"]
TAG_TYPES = ["varchar", "bytea", "int8", "bytea"]
SEALED_TYPES = ["varchar", "int8", "varchar", "varchar", "bytea"]
# One array: as values of their own, SQLAlchemy and PostgreSQL read each tag of a group anew.
KNOWN = text("SELECT tag, idx, digest FROM trail_tag WHERE log = :of AND tag = ANY(:tags)")

Placed = list[tuple[int, Prepared]]


class PostgresJournal:
    """A Journal (see ``ports``) in tables. Any number may be open at once."""

    def __init__(self, engine: Engine, *, stalled_s: float = STALLED_S) -> None:
        self._engine, self._stalled_s = engine, stalled_s

    def append(self, group: Sequence[Prepared]) -> list[Appended]:
        try:
            return self._append(group)
        except DatabaseUnavailable as error:
            if not _waited(error):
                raise
        with writing(self._engine) as db:
            db.execute(END_STALLED, {"silent_s": self._stalled_s})
        return self._append(group)

    def known(self, log: str, tags: Sequence[bytes]) -> dict[bytes, Known]:
        with reading(self._engine) as db:
            return _known(db, log, tags)

    def close(self) -> None:
        """Nothing is held."""

    def _append(self, group: Sequence[Prepared]) -> list[Appended]:
        silent_ms = round(self._stalled_s * 1000)
        limits = {"silent": str(silent_ms), "waits": str(silent_ms * 3 // 2)}
        with writing(self._engine) as db:
            db.execute(LIMITS, limits)
            return _append(db, group)


def _waited(error: DatabaseUnavailable) -> bool:
    """Whether another held the log for too long."""
    told = error.__cause__
    return isinstance(told, DBAPIError) and getattr(told.orig, "sqlstate", "") == LOCK_WAITED


def _append(db: Connection, group: Sequence[Prepared]) -> list[Appended]:
    by_log: dict[str, list[int]] = {}
    for at, one in enumerate(group):
        by_log.setdefault(one.log, []).append(at)
    heads = {row.log: row.size for row in db.execute(HEADS, {"of": sorted(by_log)})}
    if lacking := by_log.keys() - heads.keys():
        raise LogNotFound(f"the log of {min(lacking)} is not open")
    answers: dict[int, Appended] = {}
    for log, places in by_log.items():
        answered, fresh = _placed(db, log, [group[at] for at in places], heads[log])
        answers |= zip(places, answered, strict=True)
        if fresh:
            _copy(db, log, fresh)
            db.execute(ADVANCE, {"log": log, "size": heads[log] + len(fresh)})
    return [answers[at] for at in range(len(group))]


def _placed(
    db: Connection, log: str, of: Sequence[Prepared], size: int
) -> tuple[list[Appended], Placed]:
    known = _known(db, log, [one.tag for one in of])
    answers: list[Appended] = []
    fresh: Placed = []
    for one in of:
        if one.tag in known:
            answers.append(Appended(known[one.tag].index, b"", known[one.tag]))
            continue
        index = size + len(fresh)
        fresh.append((index, one))
        known[one.tag] = Known(index, one.digest[:DIGEST_BYTES])
        answers.append(Appended(index, one.hash))
    return answers, fresh


def _known(db: Connection, log: str, tags: Sequence[bytes]) -> dict[bytes, Known]:
    if not tags:
        return {}
    rows = db.execute(KNOWN, {"of": log, "tags": list(tags)})
    return {bytes(row.tag): Known(row.idx, bytes(row.digest)) for row in rows}


def _copy(db: Connection, log: str, fresh: Placed) -> None:
    raw = cast("Any", db.connection.driver_connection)
    with raw.cursor() as cursor:
        leaves = [(log, i, p.record, p.hash, p.entry, p.moment) for i, p in fresh]
        _rows(cursor, LEAVES, LEAF_TYPES, leaves)
        used = [(log, p.tag, i, p.digest[:DIGEST_BYTES]) for i, p in fresh]
        _rows(cursor, TAGS, TAG_TYPES, used)
        sealed = [(log, i, d.path, d.data_key, d.sealed) for i, p in fresh for d in p.disclosures]
        if sealed:
            _rows(cursor, SEALED, SEALED_TYPES, sealed)


def _rows(
    cursor: Any,  # noqa: ANN401  psycopg's, which is not there without PostgreSQL
    into: str,
    types: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
) -> None:
    with cursor.copy(into.encode()) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)
