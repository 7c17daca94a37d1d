"""Looking at hand-offs: the latest, those that wait, all of a schedule."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.handoffs import store
from quarterdeck.operations.handoffs.model.faults import NoSuchHandoff
from quarterdeck.operations.handoffs.model.handoff import Handoff
from quarterdeck.operations.oncall.model.person import People
from quarterdeck.operations.oncall.people import people
from quarterdeck.operations.oncall.service import looking as oncall
from quarterdeck.operations.oncall.service.keeping import READ

MOST = 200


def history(
    work: Work, tenant: str, name: str, *, before: datetime | None = None, limit: int = MOST
) -> list[Handoff]:
    """The hand-offs of a schedule, the latest turn first; raise NoSuchSchedule."""
    oncall.one(work, tenant, name)
    return store.newest(work.db, work.require(READ, tenant), name, before=before, limit=limit)


def latest(work: Work, tenant: str, name: str) -> Handoff:
    """The hand-off of the latest turn at which a note was left; raise NoSuchHandoff."""
    found = history(work, tenant, name, limit=1)
    if not found:
        raise NoSuchHandoff(f"nobody left a note for who comes next in {name[:80]}")
    return found[0]


def of_id(work: Work, tenants: Tenants, name: str, handoff: str) -> Handoff:
    """One of them; raise NoSuchHandoff."""
    found = store.of_id(work.db, tenants, name, handoff)
    if found is None:
        raise NoSuchHandoff(f"schedule {name[:80]} has no hand-off {handoff[:80]}")
    return found


def waiting(work: Work, tenant: str = "") -> list[Handoff]:
    """Of each schedule that still holds the latest hand-off, where nobody took it over."""
    tenants = work.require(READ, tenant) if tenant else work.tenants(READ)
    there = {(kept.tenant, kept.name) for kept in oncall.listed(work, tenant)}
    found = store.waiting(work.db, tenants, MOST)
    return [one for one in found if (one.tenant, one.schedule) in there]


def who(work: Work, tenant: str, some: Iterable[Handoff]) -> People:
    """Whom hand-offs of a tenant name: who gives, who takes, who wrote, who took over."""
    return people(work.db, tenant, [word for one in some for word in _words(one)])


def whom(work: Work, some: Iterable[Handoff]) -> Mapping[str, People]:
    """As ``who``, by tenant: asked once for each of them, however many hand-offs there are."""
    words: dict[str, list[str]] = {}
    for one in some:
        words.setdefault(one.tenant, []).extend(_words(one))
    return {tenant: people(work.db, tenant, named) for tenant, named in words.items()}


def _words(one: Handoff) -> list[str]:
    return [word for word in (one.turn.giver, one.turn.taker, one.by, one.taken_by) if word]
