"""A look by SQL: whether a PostgreSQL server answers a question. Its address is never shown."""

from collections.abc import Mapping
from importlib.util import find_spec

from quarterdeck.operations.health.model.registry import Probe
from quarterdeck.operations.health.model.state import Outcome, State

SCHEMES = ("postgresql://", "postgres://")


async def look(probe: Probe, environment: Mapping[str, str]) -> Outcome:
    """Connect, and ask for 1; the URL is in the environment under the name that it gives."""
    name = probe.target.removeprefix("env:")
    url = environment.get(name, "")
    if not url.startswith(SCHEMES):
        return _broken(f"{name} is {'no PostgreSQL URL' if url else 'not set'}")
    if find_spec("psycopg") is None:
        return _broken("the driver is missing: install quarterdeck[postgres]")
    import psycopg  # noqa: PLC0415  an extra: it may not be there

    try:
        db = await psycopg.AsyncConnection.connect(url, autocommit=True)
        async with db:
            await db.execute("SELECT 1")
            backend = db.info.server_version
    except psycopg.Error as error:
        # The words of a failed connection name user and host; the state says what class it is.
        state = error.sqlstate or "no connection"
        return Outcome(state=State.DOWN, detail=f"{type(error).__name__}: {state}", took_ms=0.0)
    return Outcome(
        state=State.HEALTHY, detail=f"PostgreSQL {backend // 10000} answered", took_ms=0.0
    )


def _broken(words: str) -> Outcome:
    return Outcome(state=State.UNKNOWN, detail=words, took_ms=0.0)
