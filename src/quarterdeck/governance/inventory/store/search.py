"""Parts of names, found by an index of trigrams.

SQLite: a table of FTS5 beside ``governance_resource``. PostgreSQL: an index of pg_trgm, if
that extension is there or may be made. Where neither can be had, names are read one by one.
Neither stands in the metadata, which knows only what both databases have.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, Table, event, select, text
from sqlalchemy.exc import DBAPIError

from quarterdeck.governance.inventory.store.tables import resources
from quarterdeck.kernel.bulk import insert_many

NAME = "governance_resource_text"
"""Of the table or the index, and the beginning of the names of FTS5's own tables."""

BATCH = 10_000
GRAM = 3  # letters; a shorter part has no trigram

_FTS = f"CREATE VIRTUAL TABLE {NAME} USING fts5(name, resource UNINDEXED, tokenize='trigram')"
_PUT = f"INSERT OR REPLACE INTO {NAME} (rowid, name, resource)"
_GIN = f"CREATE INDEX {NAME} ON governance_resource USING gin (name_key gin_trgm_ops)"


def create(db: Connection) -> bool:
    """Make the index, filled; False where this database cannot have it."""
    steps = [_FTS]
    if db.dialect.name == "postgresql":
        # Made once for the database: asking again would need the right to.
        there = db.scalar(text("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'"))
        steps = [_GIN] if there else ["CREATE EXTENSION pg_trgm", _GIN]
    try:
        with db.begin_nested():
            for step in steps:
                db.execute(text(step))
    except DBAPIError:
        return False
    for names in db.execute(select(resources.c.id, resources.c.name_key)).partitions(BATCH):
        put(db, [(row.id, row.name_key) for row in names])
    return True


@event.listens_for(resources, "after_create")
def _with_the_table(_table: Table, db: Connection, **_: object) -> None:
    create(db)


def put(db: Connection, names: Sequence[tuple[str, str]]) -> None:
    """Make these findable: ids with folded names. PostgreSQL's index does it by itself."""
    if names and _has_table(db):
        # The row's number follows from the id, so that a name is replaced, not added. Upwards:
        # FTS5 writes out what it has gathered at each number that is below the one before.
        insert_many(db, _PUT, sorted((int(one[:15], 16), name, one) for one, name in names))


def few(db: Connection, part: str, most: int) -> list[str] | None:
    """Ids of all resources whose name has ``part``; None if they are more than ``most``.

    None too where no index can tell quickly.
    """
    folded = part.casefold()
    if len(folded) < GRAM or "\0" in folded:
        return None
    if db.dialect.name == "postgresql":
        query = (
            "SELECT id FROM governance_resource WHERE name_key LIKE :part ESCAPE '!' LIMIT :most"
        )
        marked = folded.replace("!", "!!").replace("%", "!%").replace("_", "!_")
        asked = f"%{marked}%"
    elif _has_table(db):
        query = f"SELECT resource FROM {NAME} WHERE {NAME} MATCH :part LIMIT :most"  # noqa: S608
        asked = '"' + folded.replace('"', '""') + '"'
    else:
        return None
    found = list(db.scalars(text(query), {"part": asked, "most": most + 1}))
    return found if len(found) <= most else None


def _has_table(db: Connection) -> bool:
    if db.dialect.name != "sqlite":
        return False
    query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = :name"
    return db.scalar(text(query), {"name": NAME}) is not None
