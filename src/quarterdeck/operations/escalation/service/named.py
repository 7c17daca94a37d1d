"""What targets name: a tenant's own, else the platform's of that name. In nobody's name."""

from collections.abc import Sequence
from datetime import datetime

from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Work
from quarterdeck.operations.contacts import service as contacts
from quarterdeck.operations.contacts.model import Contact
from quarterdeck.operations.oncall.model.person import Person
from quarterdeck.operations.oncall.model.shifts import Shift
from quarterdeck.operations.oncall.service import looking as oncall


def schedule(work: Work, tenant: str, name: str, at: datetime) -> Person | None:
    """Who holds a schedule at an instant: the tenant's, or the platform's of that name."""
    for of in dict.fromkeys((tenant, PLATFORM)):
        found = oncall.answering(work, of, name, at)
        if found is not None:
            return found
    return None


def shifts(
    work: Work, tenant: str, name: str, since: datetime, until: datetime
) -> Sequence[Shift] | None:
    """Who holds a schedule over a span, as ``schedule``; None: there is none."""
    for of in dict.fromkeys((tenant, PLATFORM)):
        found = oncall.coming(work, of, name, since, until)
        if found is not None:
            return found
    return None


def contact(work: Work, tenant: str, name: str) -> Contact | None:
    """A contact: the tenant's, or the platform's of that name."""
    for of in dict.fromkeys((tenant, PLATFORM)):
        found = contacts.reached(work, of, name)
        if found is not None:
            return found
    return None
