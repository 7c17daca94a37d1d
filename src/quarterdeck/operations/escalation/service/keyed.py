"""Pages by their key, for features of this platform whose page it is. Where none is open under
the key, nothing happens. Whoever calls has asked for the permission.
"""

from collections.abc import Collection

from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.escalation.model.page import Page, PageState
from quarterdeck.operations.escalation.service import opening
from quarterdeck.operations.escalation.service.answering import answered, ended
from quarterdeck.operations.escalation.store import pages


def change(work: Work, tenant: str, key: str, severity: str, flags: frozenset[str]) -> None:
    """Have the page be of another severity, also of a lesser one, and have these flags."""
    if (page := _open(work, tenant, key)) is not None:
        opening.change(work, page, severity=severity, flags=flags)


def answer(work: Work, tenant: str, key: str, by: str, means: str) -> None:
    """Have somebody look after the page."""
    page = _open(work, tenant, key)
    if page is not None and page.state is PageState.OPEN:
        answered(work, Tenants(frozenset({tenant})), page, by, means)


def end(work: Work, tenant: str, key: str, by: str) -> None:
    """Have the page want nobody any more."""
    if (page := _open(work, tenant, key)) is not None:
        ended(work, Tenants(frozenset({tenant})), page, by)


def abouts(work: Work, tenant: str, of: Collection[str]) -> dict[str, str]:
    """What each of these pages is about, as far as there is such a page."""
    return pages.abouts(work.db, Tenants(frozenset({tenant})), of) if of else {}


def is_under(work: Work, tenant: str, page: str, key: str) -> bool:
    """Whether a page was opened under ``key``."""
    found = pages.of_id(work.db, Tenants(frozenset({tenant})), page)
    return found is not None and found.key == key


def _open(work: Work, tenant: str, key: str) -> Page | None:
    return pages.open_under(work.db, Tenants(frozenset({tenant})), [key]).get(key)
