"""Write the migration from the last one to the tables of today: new_migration.py REVISION WORDS.

Read what it wrote before you commit it: a renamed column looks like one lost and one new.
"""

import sys
import tempfile
from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.runtime.migration import MigrationContext

from quarterdeck.governance.inventory.store import search
from quarterdeck.kernel.db import open_engine, reading
from quarterdeck.migrations import revision, runner
from quarterdeck.migrations.tables import metadata

PAGE = '''"""{words}"""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {before}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand: the release before this one still runs on it."""
    {upgrade}
'''


def main(name: str, words: str) -> None:
    """Compare a migrated database with the tables, and write the difference."""
    before = known[-1] if (known := revision.known()) else None
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{folder}/empty.db")
        if before:
            runner.migrate(engine, Path(folder))
        with reading(engine) as db:
            ours = {"include_name": lambda name, *_: not str(name).startswith(search.NAME)}
            changes = produce_migrations(MigrationContext.configure(db, opts=ours), metadata)
        engine.dispose()
    if changes.upgrade_ops is None:
        raise SystemExit("nothing has changed")
    body = render_python_code(changes.upgrade_ops)
    to = revision.VERSIONS / f"{name}.py"
    to.write_text(PAGE.format(words=words, revision=name, before=repr(before), upgrade=body))
    print(to)


if __name__ == "__main__":
    main(*sys.argv[1:3])
