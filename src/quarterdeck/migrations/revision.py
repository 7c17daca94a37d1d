"""Which schema a database has, and which this release wants. Needs no migration library."""

from pathlib import Path

from sqlalchemy import Engine, inspect, text

from quarterdeck.kernel.db import reading
from quarterdeck.kernel.errors import Conflict
from quarterdeck.kernel.health import CheckFailed, Entry, Health

VERSIONS = Path(__file__).parent / "versions"
TABLE = "alembic_version"


class SchemaTooNew(Conflict):
    """The database was migrated by a newer release."""


class SchemaTooOld(Conflict):
    """The database has yet to be migrated."""


def known() -> list[str]:
    """The revisions of this release, oldest first: the names of the files in ``versions``."""
    return sorted(path.stem for path in VERSIONS.glob("[0-9]*.py"))


def newest() -> str:
    """The revision of this release."""
    return known()[-1]


def current(engine: Engine) -> str | None:
    """The revision that the database is at; None for one never migrated."""
    with reading(engine) as db:
        if not inspect(db).has_table(TABLE):
            return None
        at: str | None = db.scalar(text(f"SELECT version_num FROM {TABLE}"))  # noqa: S608  ours
        return at


def refuse_newer(at: str | None) -> None:
    """Go on only with a database that this release knows; raise SchemaTooNew."""
    if at is not None and at not in known():
        raise SchemaTooNew(
            f"the database is at {at}, which this release does not know: "
            "install the release that wrote it, or restore a backup"
        )


def check(engine: Engine) -> None:
    """Go on only with the schema of this release.

    Raises:
        SchemaTooNew, SchemaTooOld: say what to do.
    """
    at = current(engine)
    refuse_newer(at)
    if at != newest():
        raise SchemaTooOld(_too_old(at))


def health(engine: Engine) -> Entry:
    """Whether the database is migrated; while an upgrade goes on, it is ahead of this process."""
    at = current(engine)
    if at is None or at < newest():
        raise CheckFailed(_too_old(at))
    ahead = "" if at == newest() else ", ahead of this release: an upgrade goes on"
    return Entry(status=Health.HEALTHY, description=f"at {at}{ahead}")


def _too_old(at: str | None) -> str:
    return f"the database is at {at or 'no schema'}: run quarterdeck migrate"
