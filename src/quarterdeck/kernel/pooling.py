"""Pooled connections to a server: one that has rested may have died meanwhile, and is asked first.

SQLAlchemy's ``pool_pre_ping`` asks each time, which is a fourth of what a small transaction says
to its server; who was there a moment ago is, in all likelihood, there.
"""

from time import monotonic
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError

RESTED_S = 1.0
"""After which a connection is asked whether it lives."""

BACK = "back_at"


def ask_who_rested(engine: Engine) -> None:
    """Have a connection that nobody used for a while be tried, and be made anew if it is dead.

    What dies within that while is found by the statement that fails: then by all, once.
    """

    def came_back(_connection: object, record: Any) -> None:  # noqa: ANN401  SQLAlchemy's
        record.info[BACK] = monotonic()

    def goes_out(connection: Any, record: Any, _proxy: object) -> None:  # noqa: ANN401  theirs
        back = record.info.get(BACK)
        if back is None or monotonic() - back < RESTED_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error  # a server that left, left all

    event.listen(engine, "checkin", came_back)
    event.listen(engine, "checkout", goes_out)
