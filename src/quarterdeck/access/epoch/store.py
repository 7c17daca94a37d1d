"""The epoch in SQL: one row."""

from sqlalchemy import BigInteger, Column, Connection, Integer, Table, text, update

from quarterdeck.kernel.db import metadata

epochs = Table(
    "access_epoch",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("epoch", BigInteger, nullable=False),
)

CURRENT = "SELECT epoch FROM access_epoch"
START = text("INSERT INTO access_epoch (id, epoch) VALUES (1, 0) ON CONFLICT DO NOTHING")


def advance(db: Connection) -> None:
    """Move the epoch by one, and hold its row until the transaction ends."""
    move = update(epochs).values(epoch=epochs.c.epoch + 1)
    if db.execute(move).rowcount == 0:
        db.execute(START)
        db.execute(move)


def current(db: Connection) -> int:
    """The epoch; 0 before the first change of access. In the driver's own words: each request
    asks.
    """
    return db.exec_driver_sql(CURRENT).scalar() or 0
