"""A unit of work: one transaction, one actor, one moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, true

from quarterdeck.kernel import db as database
from quarterdeck.kernel import outbox
from quarterdeck.kernel.clock import Clock, micros
from quarterdeck.kernel.errors import Forbidden, NotFound
from quarterdeck.kernel.event import Event
from quarterdeck.kernel.ids import PLATFORM, Ids, uuid7

ANY = "*"


class MissingPermission(Forbidden):
    """The actor lacks the permission."""

    def __init__(self, permission: str, tenant: str) -> None:
        super().__init__(f"you need {permission} on tenant {tenant}; ask its tenant-admin")
        self.permission = permission
        self.tenant = tenant


class TenantNotFound(NotFound):
    """No such tenant, or none that this actor may see."""

    def __init__(self, permission: str, tenant: str) -> None:
        super().__init__(f"no tenant {tenant} that you may see")
        self.permission = permission
        self.tenant = tenant


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and what they may do: pairs of permission and tenant ("*" for any).

    Attributes:
        id: the principal's opaque id; names stay in ``access``.
        home: the tenant in whose log this actor's refusals are recorded.
    """

    id: str
    grants: frozenset[tuple[str, str]]
    home: str = PLATFORM

    def may(self, permission: str, tenant: str) -> bool:
        """Whether the actor holds ``permission`` on ``tenant``."""
        return bool(self.grants & {(permission, tenant), (permission, ANY)})

    def sees(self, tenant: str) -> bool:
        """Whether the actor holds anything at all on ``tenant``."""
        return any(on in (tenant, ANY) for _, on in self.grants)


@dataclass(frozen=True, slots=True)
class Tenants:
    """The tenants a query may touch: never none. Made from an actor's grants by ``Work``."""

    ids: frozenset[str]

    def clause(self, column: ColumnElement[str]) -> ColumnElement[bool]:
        """The condition that keeps a statement to these tenants."""
        return true() if ANY in self.ids else column.in_(sorted(self.ids))

    def check(self, column: ColumnElement[str]) -> ColumnElement[bool]:
        """As ``clause``, for rows that are named by keys which do not begin with the tenant.

        No index is taken by it: SQLite, which without statistics holds a tenant's rows for few,
        would read all of them to find a hundred.
        """
        return true() if ANY in self.ids else column.concat("").in_(sorted(self.ids))


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What every use case is handed. Nothing in it is looked up elsewhere."""

    db: Connection
    actor: Actor
    now: datetime
    ids: Ids
    request: str
    published: list[outbox.Envelope] = field(default_factory=list)

    def require(self, permission: str, tenant: str) -> Tenants:
        """The tenant, for queries.

        Raises:
            MissingPermission: the actor holds other rights there, but not this one.
            TenantNotFound: the actor holds no right there, and is not told that it exists.
        """
        if self.actor.may(permission, tenant):
            return Tenants(frozenset({tenant}))
        if tenant != PLATFORM and not self.actor.sees(tenant):
            raise TenantNotFound(permission, tenant)
        raise MissingPermission(permission, tenant)

    def tenants(self, permission: str) -> Tenants:
        """Every tenant on which the actor holds ``permission``.

        Raises:
            MissingPermission: there is none.
        """
        ids = frozenset(on for held, on in self.actor.grants if held == permission)
        if not ids:
            raise MissingPermission(permission, ANY)
        return Tenants(ids)

    def new_id(self) -> str:
        """An id never given before."""
        return self.ids(self.now)

    def publish(self, event: Event) -> None:
        """Tell the platform: it hears of ``event`` if, and only if, this work commits."""
        self.published.append(
            outbox.Envelope(
                id=self.new_id(),
                event=event,
                actor=self.actor.id,
                request=self.request,
                moment=micros(self.now),
            )
        )


@contextmanager
def read(engine: Engine, actor: Actor, clock: Clock, request: str = "") -> Iterator[Work]:
    """Open a unit of work that only looks. A write or an event in it fails, in the database."""
    with database.reading(engine) as db:
        yield from _work(db, actor, clock, request)


@contextmanager
def begin(engine: Engine, actor: Actor, clock: Clock, request: str = "") -> Iterator[Work]:
    """Open a unit of work; commit when the block ends, roll back if it raises."""
    with database.writing(engine) as db:
        yield from _work(db, actor, clock, request)


def _work(db: Connection, actor: Actor, clock: Clock, request: str) -> Iterator[Work]:
    now = clock()
    work = Work(db=db, actor=actor, now=now, ids=uuid7, request=request or uuid7(now))
    yield work
    outbox.post(db, work.published)
