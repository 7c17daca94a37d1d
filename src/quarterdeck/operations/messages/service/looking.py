"""Looking at messages: what was told about something, what waits, what is late, what failed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from quarterdeck.kernel.clock import instant
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.messages.model import FAILED, WAITING, Filter, Message, NoSuchMessage
from quarterdeck.operations.messages.store import outbox

READ = "messages:read"
MOST = 200
ANY = Filter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What was not told yet.

    Attributes:
        waiting, failed: how many.
        since: since when the one that waits longest does; None: none waits.
    """

    waiting: int = 0
    failed: int = 0
    since: datetime | None = None


def about(db: Connection, tenants: Tenants, about: str) -> list[Message]:
    """What was told about something, first to last. It asks for no permission."""
    return outbox.about(db, tenants, about)


def states(db: Connection, tenants: Tenants, about: Collection[str]) -> dict[str, str]:
    """What became of whatever was told about some things, by the messages' ids."""
    return outbox.states_of(db, tenants, about)


def pages_wait(db: Connection, tenants: Tenants, about: Collection[str], before: datetime) -> bool:
    """Whether a page about one of some things is not told since before then."""
    return outbox.pages_wait(db, tenants, about, before)


def listed(
    work: Work, tenant: str = "", wanted: Filter = ANY, *, before: int = 0, limit: int = MOST
) -> list[Message]:
    """Messages, newest first; those before one, if that is given."""
    return outbox.listed(work.db, _seen(work, tenant), wanted, before=before, limit=limit)


def one(work: Work, message: str) -> Message:
    """One message; raise NoSuchMessage."""
    found = outbox.of_id(work.db, work.tenants(READ), message)
    if found is None:
        raise NoSuchMessage(f"no message {message[:80]!r} that you may see")
    return found


def standing(work: Work, tenant: str = "") -> Standing:
    """How many wait, since when, and how many nobody has been told."""
    counted = outbox.counts(work.db, _seen(work, tenant))
    waits = [(many, since) for _, _, state, many, since in counted if state != FAILED]
    return Standing(
        waiting=sum(many for many, _ in waits),
        failed=sum(many for _, _, state, many, _ in counted if state == FAILED),
        since=instant(min(since for _, since in waits)) if waits else None,
    )


def last_of_channels(work: Work, tenant: str = "") -> Mapping[tuple[str, str], Message]:
    """What each channel was told last, by tenant and channel."""
    return outbox.last_of_channels(work.db, _seen(work, tenant))


def counts(work: Work, tenants: Tenants) -> dict[tuple[str, str, str], int]:
    """How many were not told, by tenant, kind and ``waiting`` or ``failed``."""
    found: dict[tuple[str, str, str], int] = {}
    for tenant, kind, state, many, _ in outbox.counts(work.db, tenants):
        place = (tenant, kind, state if state == FAILED else WAITING)
        found[place] = found.get(place, 0) + many
    return found


def _seen(work: Work, tenant: str) -> Tenants:
    return work.require(READ, tenant) if tenant else work.tenants(READ)
