"""Empty databases with every table, quickly: made once a worker, emptied between tests."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.engine import URL

from quarterdeck.kernel.db import open_engine
from quarterdeck.migrations.tables import metadata
from servers import pgbouncer, postgres

LEAVE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> %s"


def missing(kind: str) -> str:
    """Why there can be no database of ``kind`` here; "" if there can."""
    reasons = {"postgres": postgres.missing, "pgbouncer": pgbouncer.missing}
    return reasons[kind]() if kind in reasons else ""


@contextmanager
def opened(url: str | URL) -> Iterator[Engine]:
    """An engine on ``url``, closed afterwards."""
    words = url if isinstance(url, str) else url.render_as_string(hide_password=False)
    engine = open_engine(words)
    try:
        yield engine
    finally:
        engine.dispose()


def sqlite(template: Path, folder: Path) -> str:
    """The URL of a new SQLite file in ``folder``; ``template`` is where its like is kept."""
    if not template.exists():
        with opened(f"sqlite:///{template}") as engine:
            metadata.create_all(engine)
    shutil.copyfile(template, folder / "quarterdeck.db")
    return f"sqlite:///{folder}/quarterdeck.db"


def empty(url: URL) -> URL:
    """Make the PostgreSQL database at ``url`` hold every table and no row."""
    with postgres.connect(url) as db:
        db.execute(LEAVE, [url.database, db.info.backend_pid])
        standing = {row[0] for row in db.execute("SELECT tablename FROM pg_tables")}
    if not standing >= set(metadata.tables):
        with opened(url) as engine:
            metadata.create_all(engine)
    _truncate(url)
    return url


def _truncate(url: URL) -> None:
    # Truncating a table costs milliseconds even when it is empty; asking costs next to none.
    asks = " UNION ALL ".join(
        f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM \"{name}\")"  # noqa: S608  our own tables
        for name in metadata.tables
    )
    with postgres.connect(url) as db:
        full = ", ".join(f'"{name}"' for (name,) in db.execute(asks.encode()).fetchall())
        if full:
            db.execute(f"TRUNCATE {full} RESTART IDENTITY CASCADE".encode())
