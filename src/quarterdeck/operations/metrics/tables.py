"""The tables of series. On SQLite they have a file of their own, and those of the same names
in the database stay empty.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from quarterdeck.kernel.db import metadata

series = Table(
    "operations_series",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("tenant", String, nullable=False),
    # Of name and labels: a label's value may be longer than an index takes.
    Column("digest", LargeBinary, nullable=False),
    Column("name", String, nullable=False),
    Column("labels", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Index("operations_series_known", "tenant", "digest", unique=True),
    Index("operations_series_name", "tenant", "name"),
    sqlite_autoincrement=True,  # an id that a process remembers never means another series
)

points = Table(
    "operations_point",
    metadata,
    # The slot first: what comes in at one time lies together, whichever series it is of.
    Column("slot", Integer, primary_key=True, autoincrement=False),
    Column("series", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    # The bits of the value: SQLite stores NaN as NULL, and -0.0 as 0.
    Column("bits", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""What is not sealed yet."""

chunks = Table(
    "operations_chunk",
    metadata,
    Column("series", Integer, primary_key=True, autoincrement=False),
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    Column("end", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""What is: no two chunks of a series overlap."""

rollups = Table(
    "operations_rollup",
    metadata,
    Column("series", Integer, primary_key=True, autoincrement=False),
    Column("step_s", Integer, primary_key=True, autoincrement=False),
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    Column("end", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""A day of a series, down-sampled."""

unrolled = Table(
    "operations_unrolled",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("series", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
"""Days (since 1970) of which chunks were written since they were down-sampled."""

EVERY = (series, points, chunks, rollups, unrolled)
