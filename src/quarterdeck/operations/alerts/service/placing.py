"""What routing asks of alerts. Nobody acts: it decides for a tenant, by that tenant's rules."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from quarterdeck.kernel.db import BULK_ROWS
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.alerts.model import Alert
from quarterdeck.operations.alerts.store import placing


def tenants_with_unplaced(db: Connection, before: datetime | None = None) -> set[str]:
    """Tenants with alerts that are in no group yet; those that were seen ``before`` then."""
    return placing.tenants_with_unplaced(db, before)


def unplaced(work: Work, own: Tenants) -> list[Alert]:
    """Some alerts that are in no group yet, oldest first."""
    return placing.unplaced(work.db, own, BULK_ROWS)


def placed(work: Work, own: Tenants, ids: Sequence[int], version: int) -> None:
    """Have alerts be in their groups, by this version of the routing."""
    placing.placed(work.db, own, ids, version)


def unplace(work: Work, own: Tenants) -> None:
    """Have every alert that fires be put into groups anew."""
    placing.unplace(work.db, own)


def firing(work: Work, own: Tenants, ids: Sequence[int]) -> dict[int, str]:
    """The fingerprints of those alerts that fire, by their ids."""
    found: dict[int, str] = {}
    for at in range(0, len(ids), BULK_ROWS):
        found |= placing.firing(work.db, own, ids[at : at + BULK_ROWS], work.now)
    return found


def of_ids(work: Work, own: Tenants, ids: Sequence[int]) -> dict[int, Alert]:
    """Alerts by their ids."""
    found: dict[int, Alert] = {}
    for at in range(0, len(ids), BULK_ROWS):
        some = placing.of_ids(work.db, own, ids[at : at + BULK_ROWS])
        found |= {alert.id: alert for alert in some}
    return found
