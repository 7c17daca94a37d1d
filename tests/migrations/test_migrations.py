"""Migrations: what they end at, and what happens when two run, one fails, or one is too old."""

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, Inspector, MetaData, inspect, text

from quarterdeck.governance.inventory.store import search
from quarterdeck.kernel.db import open_engine, reading, writing
from quarterdeck.migrations import revision, runner
from quarterdeck.migrations.tables import metadata as every_table
from scenarios.installation import run
from servers import databases, postgres

NEXT = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "9000_next", "{before}", None, None
def upgrade() -> None:
    op.create_table("later", sa.Column("id", sa.Integer(), primary_key=True))
    {then}
"""


def platform() -> MetaData:
    """The platform's tables, without those that other tests in this process keep as theirs."""
    own = MetaData()
    for table in every_table.sorted_tables:
        if not table.name.startswith("test_"):
            table.to_metadata(own)
    return own


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database with nothing in it, not even tables."""
    if reason := databases.missing(request.param):
        pytest.skip(reason)
    if request.param == "sqlite":
        with databases.opened(f"sqlite:///{tmp_path}/quarterdeck.db") as engine:
            yield engine
        return
    with postgres.database(postgres.server()) as url, databases.opened(url) as engine:
        yield engine


@pytest.fixture
def migrated(bare: Engine, tmp_path: Path) -> Engine:
    assert runner.migrate(bare, tmp_path)
    return bare


@pytest.fixture
def later(migrated: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A release with one revision more than ``migrated``; the file of that revision."""
    assert revision.current(migrated) == revision.newest()
    versions = tmp_path / "migrations" / "versions"
    shutil.copytree(revision.VERSIONS, versions)
    written = versions / "9000_next.py"
    written.write_text(NEXT.format(before=revision.newest(), then=""))
    monkeypatch.setattr(revision, "VERSIONS", versions)
    monkeypatch.setattr(runner, "VERSIONS", versions)
    return written


def test_a_migrated_database_is_what_the_tables_say(migrated: Engine) -> None:
    # Of SQLite, Alembic takes a default of '' for another than ''; ``shape`` compares those.
    defaults = migrated.dialect.name != "sqlite"
    with reading(migrated) as db:
        options = {
            "compare_type": True,
            "compare_server_default": defaults,
            "include_name": lambda name, *_: not str(name).startswith(search.NAME),
        }
        found = compare_metadata(MigrationContext.configure(db, opts=options), platform())
    assert found == []


def test_a_migrated_database_is_one_made_from_scratch(migrated: Engine, tmp_path: Path) -> None:
    if migrated.dialect.name == "sqlite":
        with databases.opened(f"sqlite:///{tmp_path}/scratch.db") as scratch:
            platform().create_all(scratch)
            assert shape(migrated) == shape(scratch)
        return
    with postgres.database(migrated.url) as url, databases.opened(url) as scratch:
        platform().create_all(scratch)
        assert shape(migrated) == shape(scratch)


def shape(engine: Engine) -> dict[str, Any]:
    """Columns, keys, constraints and indexes of each table, in no order but their names'."""
    with reading(engine) as db:
        found = inspect(db)
        tables = set(found.get_table_names()) - {revision.TABLE}
        names = {name for name in tables if not name.startswith(search.NAME)}
        assert names == set(platform().tables)
        return {name: _shape(found, name) for name in sorted(names)}


def _shape(found: Inspector, table: str) -> dict[str, list[str]]:
    parts: dict[str, Any] = {
        "columns": found.get_columns(table),
        "primary key": [found.get_pk_constraint(table)],
        "foreign keys": found.get_foreign_keys(table),
        "unique": found.get_unique_constraints(table),
        "checks": found.get_check_constraints(table),
        "indexes": [one for one in found.get_indexes(table) if one["name"] != search.NAME],
    }
    return {part: sorted(map(_words, listed)) for part, listed in parts.items()}


def _words(reflected: Any) -> str:  # noqa: ANN401  what SQLAlchemy reflects
    if isinstance(reflected, dict):
        return str({name: _words(value) for name, value in sorted(reflected.items())})
    return str(reflected)


def test_migrating_twice_is_migrating_once(migrated: Engine, tmp_path: Path) -> None:
    before = shape(migrated)
    assert not runner.migrate(migrated, tmp_path)
    assert shape(migrated) == before
    assert revision.current(migrated) == revision.newest()


def test_of_two_migrators_one_works_and_the_other_waits(bare: Engine, tmp_path: Path) -> None:
    told = {"QUARTERDECK_DATA": str(tmp_path / "data")}
    told["QUARTERDECK_DATABASE"] = bare.url.render_as_string(hide_password=False)
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(run, "migrate", "--json", **told) for _ in range(2)]
        done = [one.result() for one in both]
    assert [one.returncode for one in done] == [0, 0], [one.stderr for one in done]
    assert sorted(json.loads(one.stdout)["changed"] for one in done) == [False, True]
    with reading(bare) as db:
        assert db.scalars(text(f"SELECT version_num FROM {revision.TABLE}")).all() == [  # noqa: S608
            revision.newest()
        ]
        (token,) = db.scalars(text("SELECT id FROM access_token")).all()
    assert str(token) in (tmp_path / "data" / "first-token").read_text()


def test_a_newer_schema_is_refused_and_left_alone(migrated: Engine, tmp_path: Path) -> None:
    with writing(migrated) as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999_future'"))
    with pytest.raises(revision.SchemaTooNew, match="install the release that wrote it"):
        runner.migrate(migrated, tmp_path / "backups")
    assert revision.current(migrated) == "9999_future"
    with pytest.raises(revision.SchemaTooNew):
        revision.check(migrated)


def test_an_old_schema_is_not_served(bare: Engine) -> None:
    with pytest.raises(revision.SchemaTooOld, match="quarterdeck migrate"):
        revision.check(bare)


@pytest.mark.usefixtures("later")
def test_sqlite_is_copied_before_it_changes(migrated: Engine, tmp_path: Path) -> None:
    assert revision.newest() == "9000_next"
    with pytest.raises(revision.SchemaTooOld):
        revision.check(migrated)
    before = revision.current(migrated)
    backups = tmp_path / "backups"
    backups.mkdir()
    assert runner.migrate(migrated, backups)
    revision.check(migrated)
    copies = list(backups.glob("*.db"))
    if migrated.dialect.name != "sqlite":
        assert copies == []
        return
    (copy,) = copies
    assert copy.stat().st_mode & 0o077 == 0
    kept = open_engine(f"sqlite:///{copy}")
    assert revision.current(kept) == before
    with reading(kept) as db:
        assert not inspect(db).has_table("later")
    kept.dispose()


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    migrated: Engine, later: Path, tmp_path: Path
) -> None:
    later.write_text(NEXT.format(before=revision.known()[-2], then="1 // 0"))
    before, at = shape(migrated), revision.current(migrated)
    with pytest.raises(ZeroDivisionError):
        runner.migrate(migrated, tmp_path)
    assert (shape(migrated), revision.current(migrated)) == (before, at)
    later.write_text(NEXT.format(before=revision.known()[-2], then=""))
    assert runner.migrate(migrated, tmp_path)
    revision.check(migrated)


def test_names_that_were_kept_are_folded_by_the_release_that_asks_for_them(
    bare: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tmp_path / "before" / "versions"
    newer = [file.name for file in revision.VERSIONS.iterdir() if file.name >= "0024"]
    shutil.copytree(revision.VERSIONS, before, ignore=lambda *_: newer)
    with monkeypatch.context() as patched:
        patched.setattr(revision, "VERSIONS", before)
        patched.setattr(runner, "VERSIONS", before)
        runner.migrate(bare, tmp_path)
    row = "INSERT INTO governance_policy_name VALUES ('acme', '/p/x', 'x', :title, 0)"
    with writing(bare) as db:
        db.execute(text(row), {"title": "Größe ÜBERALL"})
    runner.migrate(bare, tmp_path)
    with reading(bare) as db:
        found = db.execute(text("SELECT title, title_key FROM governance_policy_name")).one()
    assert tuple(found) == ("Größe ÜBERALL", "grösse überall")
