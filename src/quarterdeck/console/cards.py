"""The estate's headline figures, each from the summary that its own page shows."""

from collections.abc import Iterator
from dataclasses import dataclass

from quarterdeck.console.frame import Frame
from quarterdeck.console.words import count, number
from quarterdeck.governance.compliance.service import queries as compliance
from quarterdeck.governance.costs.calendar import Span
from quarterdeck.governance.costs.question import Question
from quarterdeck.governance.costs.service import summaries as costs
from quarterdeck.governance.identity import service as identity
from quarterdeck.governance.inventory import service as inventory
from quarterdeck.governance.inventory.filters import Filter
from quarterdeck.kernel.work import Tenants

EVERYTHING = Filter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One figure, and where it comes from. ``value`` None: it is not known."""

    title: str
    path: str
    value: str | None
    words: str


def cards(frame: Frame) -> Iterator[Card]:
    """The figures that the actor may see."""
    if frame.holds("resources:read"):
        yield _resources(frame)
    if frame.holds("costs:read"):
        yield _costs(frame)
    if frame.holds("compliance:read"):
        yield _compliance(frame)
    if frame.holds("identity:read"):
        yield _identity(frame)


def _resources(frame: Frame) -> Card:
    cache = frame.request.app.state.cache
    many = inventory.total(frame.work, EVERYTHING, _only(frame, "resources:read"), cache)
    return Card(title="Resources", path="/resources", value=number(many), words="in the inventory")


def _costs(frame: Frame) -> Card:
    today = frame.work.now.date()
    asked = Question(span=Span(today.replace(day=1), today))
    cache = frame.request.app.state.cache
    found = costs.summary(frame.work, asked, _only(frame, "costs:read"), cache)
    covered = found.coverage
    known = f"{covered.tenants_known} of {count(covered.tenants, 'tenant')} known"
    return Card(
        title="Costs this month",
        path="/costs",
        value=", ".join(f"{one.amount:,.2f} {one.currency}" for one in found.totals) or None,
        words=known,
    )


def _compliance(frame: Frame) -> Card:
    cache = frame.request.app.state.cache
    found = compliance.summary(frame.work, _only(frame, "compliance:read"), cache)
    score, tally = found.tally.score_percent, found.tally
    return Card(
        title="Compliance",
        path="/compliance",
        value=None if score is None else f"{score} %",
        words=f"{number(tally.decided)} of {count(tally.total, 'state')} decided",
    )


def _identity(frame: Frame) -> Card:
    found = identity.summary(frame.work, _only(frame, "identity:read"))
    known = f"{found.known} of {found.connections} directories assessed"
    users = None if found.count is None else number(found.count.users)
    return Card(title="Users", path="/identity", value=users, words=known)


def _only(frame: Frame, permission: str) -> Tenants | None:
    tenant = frame.shell.tenant
    return frame.work.require(permission, tenant) if tenant else None
