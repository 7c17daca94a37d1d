"""People open pages by hand, and change them."""

from quarterdeck.access.tenants import service as access
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Work
from quarterdeck.operations.escalation.model.faults import NoSuchPage, PageEnded
from quarterdeck.operations.escalation.model.page import Page, PageState, What
from quarterdeck.operations.escalation.service import opening
from quarterdeck.operations.escalation.store import pages

OPEN = "pages:open"


def open_by_hand(work: Work, tenant: str, policy: str, what: What, *, key: str = "") -> Page:
    """Page somebody; the same open key is the same page, none is a page of its own.

    A key that is said by hand never is that of a page which this platform opened.
    """
    work.require(OPEN, tenant)
    if tenant != PLATFORM:
        access.require_open(work, tenant)
    return opening.page(work, tenant, policy, what, key=f"by-hand/{key or work.new_id()}")


def change_by_hand(
    work: Work, page: str, *, severity: str = "", flags: frozenset[str] | None = None, why: str = ""
) -> Page:
    """Have a page be of another severity, of other flags; raise NoSuchPage, PageEnded."""
    found = pages.of_id(work.db, work.tenants(OPEN), page)
    if found is None:
        raise NoSuchPage(f"no page {page[:80]!r}; quarterdeck page list shows those that are open")
    if found.state is PageState.RESOLVED:
        raise PageEnded(f"page {page[:80]} is resolved: open another")
    return opening.change(work, found, severity=severity, flags=flags, why=why)
