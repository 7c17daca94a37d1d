"""Where the tests of access play: a database, a clock that one sets, and people."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, select

from quarterdeck.access.authentication.service import Authenticator
from quarterdeck.access.principals import service as principals
from quarterdeck.access.principals.model import UNSCOPED, Kind, Principal, Scope, installation
from quarterdeck.access.tenants import service as tenants
from quarterdeck.access.tokens import service as tokens
from quarterdeck.access.tokens.model import Issued, Wanted
from quarterdeck.kernel import outbox
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Actor, Work, begin, read

ROOT = installation()
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Stage:
    engine: Engine
    now: datetime = NOON

    def clock(self) -> datetime:
        return self.now

    def pass_time(self, **span: float) -> None:
        self.now += timedelta(**span)

    def work(self, actor: Actor = ROOT) -> AbstractContextManager[Work]:
        return begin(self.engine, actor, self.clock)

    def look(self, actor: Actor = ROOT) -> AbstractContextManager[Work]:
        return read(self.engine, actor, self.clock)

    def authenticator(self) -> Authenticator:
        return Authenticator(self.engine, self.clock)

    def tenant(self, name: str) -> None:
        with self.work() as work:
            tenants.create(work, name, name.title())

    def someone(
        self, *roles: str, on: str = PLATFORM, home: str = PLATFORM, kind: Kind = Kind.PROGRAM
    ) -> Principal:
        with self.work() as work:
            principal = principals.create(work, kind, " ".join(roles) or "nobody", home=home)
            for role in roles:
                principals.grant(work, principal.id, role, on)
        return principal

    def actor(self, principal: Principal) -> Actor:
        """The principal as it stands now."""
        with self.look() as work:
            standing = principals.standing(work.db, principal.id)
        pairs = frozenset[tuple[str, str]]() if standing is None else standing.pairs
        return Actor(principal.id, pairs, principal.home)

    def token(self, principal: Principal, *, days: float = 30, scope: Scope = UNSCOPED) -> Issued:
        actor = self.actor(principal) if principal.kind is Kind.PERSON else ROOT
        wanted = Wanted(
            principal=principal.id,
            name="a test's",
            expires_at=self.now + timedelta(days=days),
            scope=scope,
        )
        with self.work(actor) as work:
            return tokens.create(work, wanted)

    def told(self, name: str = "") -> list[outbox.Fact]:
        """What the platform was told, in order; of one kind if named."""
        with self.engine.connect() as db:
            among = db.scalars(select(outbox.sequences.c.tenant)).all()
            facts = [fact for tenant in among for fact in outbox.after(db, tenant, 0, 10_000)]
        return [
            f
            for f in sorted(facts, key=lambda f: (f.moment, f.tenant, f.sequence))
            if name in ("", f.name)
        ]
