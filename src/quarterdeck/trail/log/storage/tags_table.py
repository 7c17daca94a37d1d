"""Used idempotency tags in SQL, where leaves stand in tables."""

from sqlalchemy import BigInteger, Column, LargeBinary, String, Table

from quarterdeck.kernel.db import metadata

tags = Table(
    "trail_tag",
    metadata,
    Column("log", String, primary_key=True),
    Column("tag", LargeBinary, primary_key=True),
    Column("idx", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),
)
