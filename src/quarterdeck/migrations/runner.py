"""Brings a database to the schema of this release, once, whoever else tries."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from quarterdeck.kernel.backup import copy_sqlite
from quarterdeck.kernel.db import writing
from quarterdeck.migrations.revision import TABLE, VERSIONS, current, newest, refuse_newer
from quarterdeck.migrations.tables import metadata


def migrate(engine: Engine, backups: Path) -> bool:
    """Bring the database up to date; False if it was. SQLite is copied to ``backups`` first.

    Raises:
        SchemaTooNew: a newer release was here; nothing changed.
    """
    at = current(engine)
    refuse_newer(at)
    if at == newest():
        return False
    if at is not None and engine.dialect.name == "sqlite":
        copy_sqlite(Path(str(engine.url.database)), backups / f"before-{newest()}.db")
    with writing(engine) as db:
        _one_migrator(db)
        return _upgrade(db)


def _one_migrator(db: Connection) -> None:
    # On SQLite the write lock has seen to it. PostgreSQL: whoever waits here finds, when
    # its turn comes, that there is nothing left to do.
    if db.dialect.name == "postgresql":
        # Of two who create it at once, the other fails for all its IF NOT EXISTS.
        with suppress(IntegrityError, ProgrammingError), db.begin_nested():
            db.execute(text(f"CREATE TABLE {TABLE} (version_num VARCHAR(32) NOT NULL)"))
        db.execute(text(f"LOCK TABLE {TABLE} IN ACCESS EXCLUSIVE MODE"))


def _upgrade(db: Connection) -> bool:
    scripts = ScriptDirectory(str(VERSIONS.parent), version_locations=[str(VERSIONS)])
    steps: list[Any] = []

    def upgrades(at: Any, _context: object) -> list[Any]:  # noqa: ANN401  Alembic's own
        steps.extend(scripts._upgrade_revs("head", at))  # noqa: SLF001  as its commands do
        return steps

    environment = EnvironmentContext(Config(), scripts, fn=upgrades)
    with environment:
        environment.configure(connection=db, target_metadata=metadata, transactional_ddl=False)
        environment.run_migrations()
    return bool(steps)
