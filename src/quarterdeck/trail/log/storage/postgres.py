"""The journal on PostgreSQL: one group is one transaction, in whichever process.

It advances the heads of its logs in order, and so locks them: groups follow each other. It assigns
indices, copies the leaves in and commits. Nobody holds the journal between groups,
and who stops within one (a machine that sleeps, a process that is paused) loses its turn: the
database ends its transaction, of which nothing was acknowledged.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import (
    Connection,
    Engine,
    text,
)
from sqlalchemy.exc import DBAPIError

from quarterdeck.kernel.bulk import Asked, answers, copy
from quarterdeck.kernel.db import DatabaseUnavailable, reading, writing
from quarterdeck.trail.log.model import Appended, Known, LogNotFound, Prepared

DIGEST_BYTES = 16
STALLED_S = 5.0
"""After which a process that is silent within its group loses its turn."""

LOCK_WAITED = "55P03"
# The commit is what is acknowledged: whatever server, database or role say by default, it is on
# the disk by then. Where the server asks for more (remote_apply), that holds.
LIMITS = (
    "SELECT set_config('idle_in_transaction_session_timeout', %s, true), "
    "set_config('lock_timeout', %s, true), "
    "set_config('synchronous_commit', CASE current_setting('synchronous_commit') "
    "WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, true)"
)
# PostgreSQL's own limits pass over one that waits for the rest of what it was sent, and over one
# that is asked to flush once it is idle, as the driver does after what it sends together.
END_STALLED = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity JOIN pg_locks USING (pid) "
    "WHERE datname = current_database() AND usename = current_user "
    "AND relation = 'trail_log'::regclass AND mode = 'RowExclusiveLock' AND granted "
    "AND state IN ('active', 'idle in transaction') AND wait_event = 'ClientRead' "
    "AND state_change < clock_timestamp() - make_interval(secs => :silent_s)"
)
ADVANCE = "UPDATE trail_log SET size = size + %s WHERE log = %s RETURNING size"
LEAVES = "trail_leaf (log, idx, record, hash, entry, moment)"
TAGS = "trail_tag (log, tag, idx, digest)"
SEALED = "trail_disclosure (log, idx, path, data_key, sealed)"
LEAF_TYPES = ["varchar", "int8", "varchar", "bytea", "bytea", "int8"]
TAG_TYPES = ["varchar", "bytea", "int8", "bytea"]
SEALED_TYPES = ["varchar", "int8", "varchar", "varchar", "bytea"]
# Each is looked up by itself: with no statistics yet, the planner would read all tags of the log
# to find a few hundred, and ever more as it grows. OFFSET 0 keeps it from making a join of that.
KNOWN = (
    "SELECT wanted.tag, found.idx, found.digest FROM unnest(%s::bytea[]) AS wanted (tag), LATERAL "
    "(SELECT idx, digest FROM trail_tag WHERE log = %s AND tag = wanted.tag OFFSET 0) AS found"
)

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
        if not tags:
            return {}
        with reading(self._engine) as db:
            return _known(*answers(db, _wanted(log, tags)))

    def close(self) -> None:
        """Nothing is held."""

    def _append(self, group: Sequence[Prepared]) -> list[Appended]:
        silent_ms = round(self._stalled_s * 1000)
        with writing(self._engine) as db:
            return _append(db, group, (LIMITS, (str(silent_ms), str(silent_ms * 3 // 2))))


def _waited(error: DatabaseUnavailable) -> bool:
    """Whether another held the log for too long."""
    told = error.__cause__
    return isinstance(told, DBAPIError) and getattr(told.orig, "sqlstate", "") == LOCK_WAITED


def _append(db: Connection, group: Sequence[Prepared], limits: Asked) -> list[Appended]:
    by_log: dict[str, list[int]] = {}
    for at, one in enumerate(group):
        by_log.setdefault(one.log, []).append(at)
    answered: dict[int, Appended] = {}
    for log, (end, known) in _advanced(db, group, by_log, limits).items():
        of = [group[at] for at in by_log[log]]
        placed, fresh = _placed(of, known, end - len(of))
        answered |= zip(by_log[log], placed, strict=True)
        if len(fresh) != len(of):
            answers(db, (ADVANCE, (len(fresh) - len(of), log)))
        if fresh:
            _copy(db, log, fresh)
    return [answered[at] for at in range(len(group))]


def _advanced(
    db: Connection, group: Sequence[Prepared], by_log: Mapping[str, Sequence[int]], limits: Asked
) -> dict[str, tuple[int, dict[bytes, Known]]]:
    """By log: where it ends if all of the group is new, and the tags that are not."""
    logs = sorted(by_log)  # two groups never wait for each other in turn
    asked = [limits]
    for log in logs:
        asked.append((ADVANCE, (len(by_log[log]), log)))
        asked.append(_wanted(log, [group[at].tag for at in by_log[log]]))
    _, *told = answers(db, *asked)
    ends, known = told[::2], told[1::2]
    for log, end in zip(logs, ends, strict=True):
        if not end:
            raise LogNotFound(f"the log of {log} is not open")
    return {
        log: (end[0][0], _known(tags)) for log, end, tags in zip(logs, ends, known, strict=True)
    }


def _placed(
    of: Sequence[Prepared], known: dict[bytes, Known], size: int
) -> tuple[list[Appended], Placed]:
    placed: list[Appended] = []
    fresh: Placed = []
    for one in of:
        if one.tag in known:
            placed.append(Appended(known[one.tag].index, b"", known[one.tag]))
            continue
        index = size + len(fresh)
        fresh.append((index, one))
        known[one.tag] = Known(index, one.digest[:DIGEST_BYTES])
        placed.append(Appended(index, one.hash))
    return placed, fresh


def _wanted(log: str, tags: Sequence[bytes]) -> Asked:
    return KNOWN, (list(tags), log)


def _known(rows: Sequence[tuple[bytes, int, bytes]]) -> dict[bytes, Known]:
    return {tag: Known(index, digest) for tag, index, digest in rows}


def _copy(db: Connection, log: str, fresh: Placed) -> None:
    copy(db, LEAVES, LEAF_TYPES, [(log, i, p.record, p.hash, p.entry, p.moment) for i, p in fresh])
    copy(db, TAGS, TAG_TYPES, [(log, p.tag, i, p.digest[:DIGEST_BYTES]) for i, p in fresh])
    sealed = [(log, i, d.path, d.data_key, d.sealed) for i, p in fresh for d in p.disclosures]
    if sealed:
        copy(db, SEALED, SEALED_TYPES, sealed)
