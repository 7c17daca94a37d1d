"""Who is wanted: pages that nobody ended, incidents that are open, and who is on call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from quarterdeck.console.frame import Frame
from quarterdeck.operations.escalation.model.page import Page, PageState
from quarterdeck.operations.escalation.service import looking as pages
from quarterdeck.operations.incidents.model.incident import Incident
from quarterdeck.operations.incidents.service import looking as incidents
from quarterdeck.operations.oncall.service import looking as oncall
from quarterdeck.operations.oncall.service.looking import Standing

SHOWN = 8
AHEAD = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What people must know first; of each what the actor may see, and the first few.

    Attributes:
        mine: pages of which the actor was told in person; ``late``: promises not kept.
    """

    pages: Sequence[Page]
    mine: set[str]
    late: set[str]
    incidents: Sequence[Incident]
    oncall: Sequence[Standing]

    @property
    def calm(self) -> bool:
        """Whether nobody is wanted."""
        return not self.pages and not self.incidents


def wanted(frame: Frame) -> Wanted:
    """Who is wanted in what is looked at."""
    work, tenant = frame.work, frame.shell.tenant
    seen = frame.holds("pages:read")
    states = (PageState.OPEN, PageState.ACKNOWLEDGED)
    open_pages = pages.listed(work, tenant, states=states, limit=SHOWN) if seen else []
    led = frame.holds("incidents:read")
    turns = oncall.standings(work, tenant, ahead=AHEAD) if frame.holds("oncall:read") else []
    return Wanted(
        pages=open_pages,
        mine=pages.mine(work, open_pages) if open_pages else set(),
        late=pages.lates(work, open_pages) if open_pages else set(),
        incidents=incidents.listed(work, tenant, is_open=True, limit=SHOWN) if led else [],
        oncall=turns[:SHOWN],
    )
