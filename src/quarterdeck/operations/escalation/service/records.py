"""What stands of many pages, read together: for whoever looks at all of them again and again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.escalation.model.page import Change, Entry, Late, Page
from quarterdeck.operations.escalation.store import ledger, pages
from quarterdeck.operations.messages.service import looking as messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Of pages, by their ids: what happened to each, what was promised, what was found late.

    Attributes:
        sent: what became of each message about any of them, by its id.
    """

    histories: Mapping[str, Sequence[Change]]
    steps: Mapping[str, Sequence[Entry]]
    lates: Sequence[Late]
    sent: Mapping[str, str]


def records_of(db: Connection, some: Sequence[Page]) -> Records:
    """What stands of pages of any tenant."""
    own, ids = Tenants(frozenset(one.tenant for one in some)), [one.id for one in some]
    return Records(
        histories=pages.histories(db, own, ids),
        steps=ledger.of_pages(db, own, ids),
        lates=ledger.lates_of(db, own, ids),
        sent=messages.states(db, own, [f"page/{one}" for one in ids]),
    )
