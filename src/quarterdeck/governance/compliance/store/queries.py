"""What people ask of policy states."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, tuple_

from quarterdeck.governance.compliance.model.names import titled
from quarterdeck.governance.compliance.model.state import Change, Filter, PolicyState
from quarterdeck.governance.compliance.model.verdict import Tally, Verdict, tally_of
from quarterdeck.governance.compliance.store import names
from quarterdeck.governance.compliance.store.tables import bodies, changes, states
from quarterdeck.governance.inventory.model import What
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.ids import ConnectionId, TenantId
from quarterdeck.kernel.work import Tenants

ORDER = (states.c.resource_key, states.c.id)
Spot = tuple[str, str]
"""Where a page ended: folded resource, id."""

Columns = tuple[ColumnElement[str], ...]

DriftSpot = tuple[int, str]
"""Where a page ended: since when (microseconds), id; newest first."""

GROUPS = {
    "tenant": (states.c.tenant,),
    "subscription": (states.c.tenant, states.c.subscription),
    "group": (states.c.tenant, states.c.subscription, states.c.resource_group),
    "policy": (states.c.policy_name,),
    "assignment": (states.c.assignment_name,),
    "finding": (states.c.assignment_name, states.c.policy_name),
}
"""What states can be counted by, each with the columns that name it."""


def page(
    db: Connection, tenants: Tenants, wanted: Filter, after: Spot | None, limit: int
) -> list[PolicyState]:
    """The next ``limit`` states after a spot, by resource and id."""
    query = select(states).where(*conditions(tenants, wanted)).order_by(*ORDER).limit(limit)
    if after is not None:
        query = query.where(tuple_(*ORDER) > tuple_(*after))
    return _titled(db, tenants, [_state(row) for row in db.execute(query)])


def drifted(
    db: Connection, tenants: Tenants, wanted: Filter, after: DriftSpot | None, limit: int
) -> list[PolicyState]:
    """States that turned from compliant to non-compliant, newest first, and still are."""
    turned = (states.c.verdict == Verdict.NON_COMPLIANT, states.c.was == Verdict.COMPLIANT)
    query = select(states).where(*conditions(tenants, wanted), *turned)
    if after is not None:
        query = query.where(tuple_(states.c.since, states.c.id) < tuple_(*after))
    order = (states.c.since.desc(), states.c.id.desc())
    found = [_state(row) for row in db.execute(query.order_by(*order).limit(limit))]
    return _titled(db, tenants, found)


def resolved(
    db: Connection, tenants: Tenants, wanted: Filter, since: datetime, limit: int
) -> list[PolicyState]:
    """States that were non-compliant and, ``since`` then, are not, or are gone; newest first."""
    mended = (
        states.c.was == Verdict.NON_COMPLIANT,
        states.c.verdict != Verdict.NON_COMPLIANT,
        states.c.since >= micros(since),
    )
    gone = (states.c.verdict == Verdict.NON_COMPLIANT, states.c.closed_at >= micros(since))
    query = select(states).where(*conditions(tenants, wanted), or_(and_(*mended), and_(*gone)))
    found = db.execute(query.order_by(states.c.since.desc(), states.c.id.desc()).limit(limit))
    return _titled(db, tenants, [_state(row) for row in found])


def count_by(
    db: Connection, tenants: Tenants, wanted: Filter, by: str
) -> dict[tuple[str, ...], Tally]:
    """Tallies of what ``wanted`` finds, by the columns of ``GROUPS[by]``, in their order."""
    columns = GROUPS[by]
    query = (
        select(*columns, states.c.verdict, func.count().label("many"))
        .where(*conditions(tenants, wanted))
        .group_by(*columns, states.c.verdict)
        .order_by(*columns)
    )
    found: dict[tuple[str, ...], dict[str, int]] = {}
    for row in db.execute(query):
        *key, verdict, many = row
        found.setdefault(tuple(key), {})[verdict] = many
    return {key: tally_of(counted) for key, counted in found.items()}


def failing_resources(db: Connection, tenants: Tenants, wanted: Filter) -> int:
    """Resources of which at least one policy says that they are non-compliant."""
    query = select(func.count(states.c.resource_key.distinct())).where(
        *conditions(tenants, wanted), states.c.verdict == Verdict.NON_COMPLIANT
    )
    return db.scalars(query).one()


def of_id(db: Connection, tenants: Tenants, state: str) -> tuple[PolicyState, str] | None:
    """One state with its body, also a closed one."""
    query = (
        select(*states.c, bodies.c.body)
        .join_from(states, bodies)
        .where(states.c.id == state, tenants.clause(states.c.tenant))
    )
    row: Any = db.execute(query).one_or_none()
    return None if row is None else (_titled(db, tenants, [_state(row)])[0], row.body)


def history(db: Connection, tenants: Tenants, state: str, limit: int) -> list[Change]:
    """The newest ``limit`` changes of a state, newest first."""
    query = (
        select(changes)
        .where(changes.c.state == state, tenants.clause(changes.c.tenant))
        .order_by(changes.c.at.desc(), changes.c.number.desc())
        .limit(limit)
    )
    return [_change(row) for row in db.execute(query)]


def of_run(db: Connection, tenants: Tenants, run: str, after: int, limit: int) -> list[Change]:
    """The next ``limit`` changes of a run after the one numbered ``after``, in order."""
    query = (
        select(changes)
        .where(changes.c.run == run, changes.c.number > after, tenants.clause(changes.c.tenant))
        .order_by(changes.c.number)
        .limit(limit)
    )
    return [_change(row) for row in db.execute(query)]


def tally_of_run(db: Connection, tenants: Tenants, run: str) -> dict[What, int]:
    """How many changes of each kind a run made; kinds without any are left out."""
    query = (
        select(changes.c.what, func.count().label("many"))
        .where(changes.c.run == run, tenants.clause(changes.c.tenant))
        .group_by(changes.c.what)
    )
    return {What(row.what): row.many for row in db.execute(query)}


def conditions(tenants: Tenants, wanted: Filter) -> Iterable[ColumnElement[bool]]:
    """What a filter asks for, of ``tenants``."""
    yield tenants.clause(states.c.tenant)
    if not wanted.closed:
        yield states.c.closed_at.is_(None)
    if wanted.subscription:
        yield states.c.subscription == wanted.subscription.casefold()
    if wanted.group:
        yield states.c.resource_group == wanted.group.casefold()
    if wanted.verdict is not None:
        yield states.c.verdict == wanted.verdict.value
    if wanted.policy:
        yield _named(tenants, wanted.policy, (states.c.policy,), (states.c.policy_name,))
    if wanted.assignment:
        ids = (states.c.assignment, states.c.policy_set)
        named = (states.c.assignment_name, states.c.policy_set_name)
        yield _named(tenants, wanted.assignment, ids, named)
    if wanted.text:
        yield states.c.resource_key.contains(wanted.text.casefold(), autoescape=True)


def _named(tenants: Tenants, word: str, ids: Columns, named: Columns) -> ColumnElement[bool]:
    # Clouds mind no case; folding a column here is a scan, but of one tenant's states.
    # As it is written too, for SQLite folds ASCII alone.
    said = (func.lower(column) == word.lower() for column in (*ids, *named))
    written = (column == word for column in (*ids, *named))
    called = (func.lower(column).in_(names.called(tenants, word)) for column in named)
    return or_(*said, *written, *called)


def _titled(db: Connection, tenants: Tenants, found: list[PolicyState]) -> list[PolicyState]:
    ids = {i.casefold() for one in found for i in (one.policy, one.policy_set, one.assignment)}
    return titled(found, names.titles(db, tenants, ids))


def _state(row: Any) -> PolicyState:  # noqa: ANN401  SQLAlchemy types such rows in no common way
    return PolicyState(
        id=row.id,
        tenant=TenantId(row.tenant),
        connection=ConnectionId(row.connection),
        subscription=row.subscription,
        resource=row.resource,
        resource_type=row.resource_type,
        location=row.location,
        group=row.resource_group,
        assignment=row.assignment,
        assignment_name=row.assignment_name,
        policy=row.policy,
        policy_name=row.policy_name,
        policy_set=row.policy_set,
        policy_set_name=row.policy_set_name,
        category=row.category,
        effect=row.effect,
        word=row.word,
        verdict=Verdict(row.verdict),
        evaluated_at=None if row.evaluated_at is None else instant(row.evaluated_at),
        was=Verdict(row.was) if row.was else None,
        first_seen=instant(row.first_seen),
        since=instant(row.since),
        closed_at=None if row.closed_at is None else instant(row.closed_at),
    )


def _change(row: Any) -> Change:  # noqa: ANN401
    return Change(
        run=row.run,
        number=row.number,
        state=row.state,
        cloud_id=row.cloud_id,
        what=What(row.what),
        at=instant(row.at),
        before=row.before,
        after=row.after,
        was=Verdict(row.was) if row.was else None,
        became=Verdict(row.became) if row.became else None,
    )


def spot(state: PolicyState) -> Spot:
    """The spot of a state in every list: what its page's cursor says."""
    return state.resource.casefold(), state.id


def drift_spot(state: PolicyState) -> DriftSpot:
    """The spot of a state among those that drifted."""
    return micros(state.since), state.id


def count_of(db: Connection, tenants: Tenants, connection: ConnectionId) -> int:
    """Live states of one connection."""
    query = select(func.count()).where(
        states.c.connection == connection,
        states.c.closed_at.is_(None),
        tenants.clause(states.c.tenant),
    )
    return db.scalars(query).one()
