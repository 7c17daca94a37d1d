"""Checks of what every installation stands on."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from os import fsync
from pathlib import Path
from secrets import token_hex
from shutil import disk_usage
from time import perf_counter
from typing import Any

from sqlalchemy import Connection, Engine, QueuePool, text
from sqlalchemy.exc import SQLAlchemyError

from quarterdeck.kernel.cache import MAX_ENTRIES, Cache
from quarterdeck.kernel.db import OVERFLOWS, reading, sqlite_version
from quarterdeck.kernel.errors import QuarterdeckError
from quarterdeck.kernel.health import Check, CheckFailed, Entry, Health

EXPECTED = (QuarterdeckError, CheckFailed, SQLAlchemyError, OSError)
"""What a check may raise to say that its subject is unhealthy."""

SLOW_MS = 500
BUSY_PERCENT = 80
"""Of a pool's connections in use: more, and it is about to be exhausted."""

PROBE_BYTES = 4096
MIB = 1 << 20
LOW_BYTES, LEAST_BYTES = 1024 * MIB, 128 * MIB


def database_check(engine: Engine) -> Check:
    """Whether the database answers a question, and how soon."""

    def check() -> Entry:
        started = perf_counter()
        with asking(engine) as db:
            db.execute(text("SELECT 1"))
            used, most = pool_use(engine)
        took_ms = (perf_counter() - started) * 1000
        slow = took_ms >= SLOW_MS or 100 * used > BUSY_PERCENT * most
        return Entry(
            status=Health.DEGRADED if slow else Health.HEALTHY,
            description=f"{_version(engine)}: answered in {took_ms:.1f} ms, "
            f"pool {used} of {most} in use",
        )

    return check


@contextmanager
def asking(engine: Engine) -> Iterator[Connection]:
    """``reading`` for a check, which must not wait the half minute that others may for a pool.

    Raises:
        CheckFailed: every connection of the pool is in use.
        DatabaseUnavailable
    """
    used, most = pool_use(engine)
    if used >= most:
        raise CheckFailed(f"{_version(engine)}: all {most} connections of the pool are in use")
    with reading(engine) as db:
        yield db


def pool_use(engine: Engine) -> tuple[int, int]:
    """Connections in use by this process, and how many it may use; (0, 1) where none are kept."""
    pool = engine.pool
    if not isinstance(pool, QueuePool):
        return 0, 1
    return pool.checkedout(), pool.size() * (1 + OVERFLOWS)


def writable(folder: Path) -> str:
    """Write a file into ``folder``, have it on the disk, and remove it; how long that took.

    Raises:
        CheckFailed: says which folder, and why not.
    """
    started, probe = perf_counter(), folder / f".probe-{token_hex(8)}"
    try:
        with probe.open("xb") as file:
            file.write(bytes(PROBE_BYTES))
            file.flush()
            fsync(file.fileno())
        free = disk_usage(folder).free
    except OSError as error:
        raise CheckFailed(f"{folder} cannot be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)
    if free < LEAST_BYTES:
        raise CheckFailed(f"{folder}: {free // MIB} MiB free: make room, or writes will fail")
    took_ms = (perf_counter() - started) * 1000
    return f"{folder}: written in {took_ms:.1f} ms, {free // MIB} MiB free"


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
        return Entry(status=Health.HEALTHY, description=cache_words(cache))

    return check


def cache_words(cache: Cache[Any]) -> str:
    """What the cache holds, and how often it knew the answer."""
    stats = cache.stats
    full = 100 * stats.entries // MAX_ENTRIES
    return (
        f"{stats.entries} of {MAX_ENTRIES} entries ({full} %), hit rate {stats.hit_rate_percent} %"
    )


def _version(engine: Engine) -> str:
    if engine.dialect.name == "sqlite":
        return "SQLite " + ".".join(map(str, sqlite_version()))
    return "PostgreSQL " + ".".join(map(str, engine.dialect.server_version_info or ()))
