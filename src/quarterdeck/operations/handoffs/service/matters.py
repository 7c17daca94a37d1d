"""What is open when a shift ends: pages, incidents, silences that end in the next shift."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import chain

from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Work
from quarterdeck.operations.escalation.service import looking as pages
from quarterdeck.operations.handoffs.model.handoff import Handoff, Kind, Matter, Matters
from quarterdeck.operations.incidents.service import looking as incidents
from quarterdeck.operations.incidents.service.keeping import READ as READ_INCIDENTS
from quarterdeck.operations.oncall.model.hours import Span
from quarterdeck.operations.silences import service as silences
from quarterdeck.operations.silences.model import SilenceState

MOST = 50
"""Of each kind."""
HOLDS = (SilenceState.ACTIVE, SilenceState.PENDING)
PERMISSIONS: Mapping[Kind, str] = {
    "page": pages.READ,
    "incident": READ_INCIDENTS,
    "silence": "alerts:read",
}


def matters(work: Work, tenant: str, shift: Span) -> Matters:
    """What is open now, for who has ``shift``.

    A schedule of the platform is for all tenants: only who may see a kind there sees all of it;
    of another, what is open of the tenants that they may see is listed, and said not to be all.
    """
    of = "" if tenant == PLATFORM else tenant
    unseen = tuple(kind for kind in PERMISSIONS if not work.actor.may(PERMISSIONS[kind], tenant))
    lists = [kind for kind in _FOUND if _lists(work, PERMISSIONS[kind], of)]
    found = [_FOUND[kind](work, of, shift) for kind in lists]
    return Matters(
        listed=tuple(chain.from_iterable(some[:MOST] for some in found)),
        unseen=unseen,
        cut=any(len(some) > MOST for some in found),
    )


def seen(work: Work, one: Handoff) -> Matters:
    """What was open when it was taken over; before, what is open now: as far as they may see."""
    if one.found is None:
        return matters(work, one.tenant, one.turn.span)
    shown = [each for each in one.found.listed if _may(work, each)]
    hidden = {each.kind for each in one.found.listed if not _may(work, each)}
    unseen = tuple(kind for kind in PERMISSIONS if kind in hidden or kind in one.found.unseen)
    return replace(one.found, listed=tuple(shown), unseen=unseen)


def _lists(work: Work, needed: str, tenant: str) -> bool:
    if tenant:
        return work.actor.may(needed, tenant)
    return any(held == needed for held, _ in work.actor.grants)


def _may(work: Work, one: Matter) -> bool:
    return work.actor.may(PERMISSIONS[one.kind], one.tenant)


def _pages(work: Work, tenant: str, _shift: Span) -> list[Matter]:
    return [
        Matter(
            kind="page",
            id=one.id,
            tenant=one.tenant,
            title=one.what.title,
            state=one.state.value,
            at=one.opened_at,
        )
        for one in pages.listed(work, tenant, states=pages.OPEN, limit=MOST + 1)
    ]


def _incidents(work: Work, tenant: str, _shift: Span) -> list[Matter]:
    return [
        Matter(
            kind="incident",
            id=one.id,
            tenant=one.tenant,
            title=one.title,
            state=one.status.value,
            at=one.began_at,
        )
        for one in incidents.listed(work, tenant, is_open=True, limit=MOST + 1)
    ]


def _silences(work: Work, tenant: str, shift: Span) -> list[Matter]:
    """Those that wake nobody now, and end before the shift does: then alerts wake its holder."""
    return [
        Matter(
            kind="silence",
            id=one.id,
            tenant=one.tenant,
            title=", ".join(str(each) for each in one.matchers),
            state=one.comment,
            at=one.ends_at,
        )
        for one in silences.listed(work, tenant, HOLDS)
        if one.ends_at < shift.end
    ]


_FOUND: Mapping[Kind, Callable[[Work, str, Span], list[Matter]]] = {
    "page": _pages,
    "incident": _incidents,
    "silence": _silences,
}
