"""Checks of what every installation stands on."""

from pathlib import Path
from shutil import disk_usage
from time import perf_counter
from typing import Any

from sqlalchemy import Connection, Engine, QueuePool, text
from sqlalchemy.exc import SQLAlchemyError

from quarterdeck.kernel.cache import Cache
from quarterdeck.kernel.db import reading, sqlite_version
from quarterdeck.kernel.errors import QuarterdeckError
from quarterdeck.kernel.health import Check, CheckFailed, Entry, Health

EXPECTED = (QuarterdeckError, CheckFailed, SQLAlchemyError, OSError)
"""What a check may raise to say that its subject is unhealthy."""

SLOW_MS = 500
MIB = 1 << 20
LOW_BYTES, LEAST_BYTES = 1024 * MIB, 128 * MIB


def database_check(engine: Engine) -> Check:
    """Whether the database answers a question, and how soon."""

    def check() -> Entry:
        started = perf_counter()
        with reading(engine) as db:
            db.execute(text("SELECT 1"))
        took_ms = (perf_counter() - started) * 1000
        slow = took_ms >= SLOW_MS
        return Entry(
            status=Health.DEGRADED if slow else Health.HEALTHY,
            description=f"{_version(engine)}: answered in {took_ms:.1f} ms{_pool(engine)}",
        )

    return check


def database_bytes(db: Connection) -> int | None:
    """How large the database is, as it says itself; None where it does not."""
    asked = "SELECT pg_database_size(current_database())"
    if db.dialect.name == "sqlite":
        asked = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    try:
        found: int | None = db.scalar(text(asked))
    except SQLAlchemyError:
        return None
    return found


def disk_check(folder: Path) -> Check:
    """Whether the disk under ``folder`` has room: degraded below 1 GiB, unhealthy below 128 MiB."""

    def check() -> Entry:
        disk = disk_usage(folder)
        free = f"{disk.free // MIB} MiB free of {disk.total // MIB}"
        if disk.free < LEAST_BYTES:
            raise CheckFailed(f"{free}: make room, or writes will fail")
        low = disk.free < LOW_BYTES
        return Entry(status=Health.DEGRADED if low else Health.HEALTHY, description=free)

    return check


def cache_check(cache: Cache[Any]) -> Check:
    """What the cache holds, and how often it knew the answer. It cannot fail."""

    def check() -> Entry:
        stats = cache.stats
        return Entry(
            status=Health.HEALTHY,
            description=f"{stats.entries} entries, hit rate {stats.hit_rate_percent} %",
        )

    return check


def _version(engine: Engine) -> str:
    if engine.dialect.name == "sqlite":
        return "SQLite " + ".".join(map(str, sqlite_version()))
    return "PostgreSQL " + ".".join(map(str, engine.dialect.server_version_info or ()))


def _pool(engine: Engine) -> str:
    pool = engine.pool
    if not isinstance(pool, QueuePool):
        return ""
    return f", pool {pool.checkedout()} of {pool.size()} in use"
