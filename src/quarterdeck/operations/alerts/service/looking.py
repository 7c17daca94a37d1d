"""Looking at alerts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.alerts.model import (
    LIVE,
    Alert,
    AlertNotFound,
    AlertState,
    Change,
    Filter,
)
from quarterdeck.operations.alerts.signs import SPENDING
from quarterdeck.operations.alerts.store import counts as counting
from quarterdeck.operations.alerts.store import queries
from quarterdeck.operations.silences.matchers import Matchers, Operator, all_match

MOST = 500
MOST_SIMILAR = 10
LARGEST_ID = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An alert with all that is known of it.

    Attributes:
        history: every change of its state, in order.
        similar: what ended before that was like it, newest first: how often, and how.
    """

    alert: Alert
    history: list[Change]
    similar: list[Alert]


def active(
    work: Work, *, types: Sequence[str] = (), tenant: str = "", limit: int = MOST
) -> list[Alert]:
    """Alerts that fire, newest first; of one tenant, or of one type, if that is said."""
    wanted = Filter(states=LIVE, types=tuple(types))
    return listed(work, wanted, tenant=tenant, limit=limit)


def beside_spending(work: Work, types: Sequence[str] = ()) -> list[Alert]:
    """Alerts that fire, newest first, as runbook 000 lists and resolves them (section 10.3).

    None about spending: it was not the runbook's, whose line resolves all that are listed; a
    budget stays exceeded after that, and would be told again at the next reading.
    """
    wanted = Filter(states=LIVE, types=tuple(types), but_types=SPENDING)
    return listed(work, wanted)


def past(work: Work, *, tenant: str = "", limit: int = 50) -> list[Alert]:
    """Alerts that were resolved, newest first."""
    return listed(work, Filter(states=(AlertState.RESOLVED,)), tenant=tenant, limit=limit)


def listed(
    work: Work, wanted: Filter, *, tenant: str = "", before: int | None = None, limit: int = MOST
) -> list[Alert]:
    """The next alerts that are meant, newest first, with ids smaller than ``before``."""
    tenants = seen(work, tenant)
    return queries.newest(work.db, tenants, wanted, before=before, limit=limit)


def counts(work: Work, tenant: str = "") -> dict[str, int]:
    """How many alerts fire, by their state."""
    return counting.of_states(work.db, seen(work, tenant))


def active_count(work: Work) -> int:
    """How many alerts fire that the actor may see."""
    return sum(counts(work).values())


def live(work: Work, tenant: str, matchers: Matchers = ()) -> list[Alert]:
    """Every alert of a tenant that fires and matches, in the order of fingerprints."""
    return [one for part in live_in_parts(work, tenant, matchers) for one in part]


def live_in_parts(work: Work, tenant: str, matchers: Matchers = ()) -> Iterator[list[Alert]]:
    """As ``live``, some at a time."""
    own = work.require("alerts:read", tenant)
    pairs = [(m.name, m.value) for m in matchers if m.operator is Operator.EQUAL and m.value]
    found = queries.live(work.db, own, work.now, pairs)  # most need not be read for that
    return ([one for one in part if all_match(matchers, one.sign.labels)] for part in found)


def account(work: Work, alert: int) -> Account:
    """One alert with its history and what was like it; raise AlertNotFound."""
    tenants = work.tenants("alerts:read")
    found = found_of(work, tenants, alert)
    return Account(
        alert=found,
        history=_history(found, queries.history(work.db, tenants, found.id)),
        similar=queries.similar(work.db, tenants, found, MOST_SIMILAR),
    )


def found_of(work: Work, tenants: Tenants, alert: int) -> Alert:
    """One alert; raise AlertNotFound."""
    found = queries.of_id(work.db, tenants, alert) if 0 < alert <= LARGEST_ID else None
    if found is None:
        raise AlertNotFound(f"no alert {alert}; GET /api/v1/sync/alerts lists those that fire")
    return found


def seen(work: Work, tenant: str) -> Tenants:
    """The tenants whose alerts are meant: one, or all that the actor may see."""
    return work.require("alerts:read", tenant) if tenant else work.tenants("alerts:read")


def _history(alert: Alert, done: list[Change]) -> list[Change]:
    """What people did, between how it began and, where it passed by itself, ended."""
    begun = Change(at=alert.starts_at, state=AlertState.FIRING.value)
    by_itself = alert.ends_at is not None and not alert.resolved_by
    end = [Change(at=alert.ends_at, state="resolved")] if by_itself and alert.ends_at else []
    return [begun, *done, *end]
