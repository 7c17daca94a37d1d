"""Who is wanted: pages that nobody ended, open incidents, critical alerts; and who is on call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from quarterdeck.console.frame import Frame
from quarterdeck.console.handing import Waiting, waiting
from quarterdeck.console.words import count
from quarterdeck.operations.alerts.model import Alert, AlertState, Filter, Severity
from quarterdeck.operations.alerts.service import looking as alerts
from quarterdeck.operations.escalation.model.page import Page, PageState
from quarterdeck.operations.escalation.service import looking as pages
from quarterdeck.operations.incidents.model.incident import Incident
from quarterdeck.operations.incidents.service import looking as incidents
from quarterdeck.operations.oncall.service import looking as oncall
from quarterdeck.operations.oncall.service.looking import Standing

SHOWN = 8
AHEAD = timedelta(hours=12)
BURNING = Filter(states=(AlertState.FIRING,), severities=(Severity.CRITICAL,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What people must know first; of each what the actor may see, and the first few.

    Attributes:
        alerts: critical ones that nobody looks after, whomever they page.
        mine: pages of which the actor was told in person; ``late``: promises not kept.
        notes: of who ended a shift, which nobody took over; those for the actor first.
        known: whether all of these were looked at; else nobody may say "nobody".
        more: whether there are pages, incidents and alerts beyond those that are shown.
    """

    pages: Sequence[Page]
    mine: set[str]
    late: set[str]
    incidents: Sequence[Incident]
    alerts: Sequence[Alert]
    oncall: Sequence[Standing]
    notes: Sequence[Waiting]
    known: bool
    more: tuple[bool, bool, bool]

    @property
    def calm(self) -> bool:
        """Whether nobody is wanted, as far as the actor may see."""
        return not self.pages and not self.incidents and not self.alerts

    @property
    def said(self) -> str:
        """What waits for somebody, in a few words; empty: nothing, as far as the actor may see."""
        unanswered = sum(page.state is PageState.OPEN for page in self.pages)
        named = zip(
            (unanswered, len(self.incidents), len(self.alerts)),
            ("unanswered page", "open incident", "critical alert"),
            self.more,
            strict=True,
        )
        return ", ".join(_said(many, what, more=more) for many, what, more in named if many)


def _said(many: int, what: str, *, more: bool) -> str:
    return f"more than {many} {what}s" if more else count(many, what)


def wanted(frame: Frame) -> Wanted:
    """Who is wanted in what is looked at."""
    work, tenant = frame.work, frame.shell.tenant
    seen, led = frame.holds("pages:read"), frame.holds("incidents:read")
    warned = frame.holds("alerts:read")
    states = (PageState.OPEN, PageState.ACKNOWLEDGED)
    open_pages = pages.listed(work, tenant, states=states, limit=SHOWN + 1) if seen else []
    going = incidents.listed(work, tenant, is_open=True, limit=SHOWN + 1) if led else []
    burning = alerts.listed(work, BURNING, tenant=tenant, limit=SHOWN + 1) if warned else []
    turns = oncall.standings(work, tenant, ahead=AHEAD) if frame.holds("oncall:read") else []
    shown = open_pages[:SHOWN]
    return Wanted(
        pages=shown,
        mine=pages.mine(work, shown) if shown else set(),
        late=pages.lates(work, shown) if shown else set(),
        incidents=going[:SHOWN],
        alerts=burning[:SHOWN],
        oncall=turns[:SHOWN],
        notes=waiting(frame)[:SHOWN],
        known=seen and led and warned,
        more=(len(open_pages) > SHOWN, len(going) > SHOWN, len(burning) > SHOWN),
    )
