"""Brings a database to the schema of this release, once, whoever else tries."""

from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, text

from quarterdeck.kernel.backup import copy_sqlite
from quarterdeck.kernel.db import reading, writing
from quarterdeck.kernel.errors import Conflict
from quarterdeck.migrations.tables import metadata

HERE = Path(__file__).parent
VERSIONS = "alembic_version"


class SchemaTooNew(Conflict):
    """The database was migrated by a newer release."""


class SchemaTooOld(Conflict):
    """The database has yet to be migrated."""


def current(engine: Engine) -> str | None:
    """The revision that the database is at; None for an empty one."""
    with reading(engine) as db:
        return MigrationContext.configure(db).get_current_revision()


def newest() -> str:
    """The revision of this release."""
    revision = _scripts().get_current_head()
    if revision is None:
        raise SchemaTooOld("this installation holds no migrations: install it again")
    return revision


def check(engine: Engine) -> None:
    """Go on only with the schema of this release.

    Raises:
        SchemaTooNew, SchemaTooOld: say what to do.
    """
    at = current(engine)
    _refuse_newer(at)
    if at != newest():
        raise SchemaTooOld(f"the database is at {at or 'no schema'}: run quarterdeck migrate")


def migrate(engine: Engine, backups: Path) -> bool:
    """Bring the database up to date; False if it was. SQLite is copied to ``backups`` first.

    Raises:
        SchemaTooNew: a newer release was here; nothing changed.
    """
    at = current(engine)
    _refuse_newer(at)
    if at == newest():
        return False
    if at is not None and engine.dialect.name == "sqlite":
        copy_sqlite(Path(str(engine.url.database)), backups / f"before-{newest()}.db")
    with writing(engine) as db:
        _one_migrator(db)
        _upgrade(db)
    return True


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(HERE), version_locations=[str(HERE / "versions")])


def _refuse_newer(at: str | None) -> None:
    try:
        _scripts().get_revision(at or "base")
    except CommandError as error:
        raise SchemaTooNew(
            f"the database is at {at}, which this release does not know: "
            "install the release that wrote it, or restore a backup"
        ) from error


def _one_migrator(db: Connection) -> None:
    # On SQLite the write lock has seen to it. PostgreSQL: whoever waits here finds, when
    # its turn comes, that there is nothing left to do.
    if db.dialect.name == "postgresql":
        db.execute(
            text(f"CREATE TABLE IF NOT EXISTS {VERSIONS} (version_num VARCHAR(32) NOT NULL)")
        )
        db.execute(text(f"LOCK TABLE {VERSIONS} IN ACCESS EXCLUSIVE MODE"))


def _upgrade(db: Connection) -> None:
    scripts = _scripts()
    environment = EnvironmentContext(
        Config(),
        scripts,
        fn=lambda at, _: scripts._upgrade_revs("head", at),  # noqa: SLF001  as its own commands do
    )
    with environment:
        environment.configure(connection=db, target_metadata=metadata, transactional_ddl=False)
        environment.run_migrations()
