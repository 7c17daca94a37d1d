"""How a tenant joins and leaves. Each public function is one use case in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from quarterdeck.access.principals.model import installation
from quarterdeck.access.tenants import service as tenants
from quarterdeck.access.tenants.model import Tenant
from quarterdeck.events.governance import SyncCompleted
from quarterdeck.events.onboarding import OnboardingRecorded, TenantOffboarded, TenantVerified
from quarterdeck.governance.connections import service as connections
from quarterdeck.governance.connections.model import Connection
from quarterdeck.governance.connections.service import NewConnection
from quarterdeck.governance.inventory import service as inventory
from quarterdeck.governance.onboarding import store
from quarterdeck.governance.onboarding.model import (
    MAX_EVIDENCE,
    PRODUCT,
    Item,
    ItemName,
    Recorded,
    State,
    check_credential,
    checklist,
    following,
    warnings,
)
from quarterdeck.governance.preflight import service as preflight
from quarterdeck.governance.sync import onboarding as syncing
from quarterdeck.governance.sync.model import RESOURCES, Policies, RunState
from quarterdeck.governance.sync.service import queries
from quarterdeck.kernel.deliveries import Subscriber
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.ids import PLATFORM, TenantId
from quarterdeck.kernel.outbox import Fact
from quarterdeck.kernel.work import Tenants, Work

READ, WRITE = "tenants:read", "onboarding:write"
RUNS_LOOKED_AT = 100


class TooMuchEvidence(Invalid):
    """Evidence is a pointer to where it lies, not the thing itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """A tenant's checklist, and what to do next."""

    tenant: Tenant
    connections: Sequence[Connection]
    items: Sequence[Item]

    @property
    def next(self) -> Item | None:
        """What to do next; None where all is done."""
        return following(self.items)

    @property
    def warnings(self) -> list[str]:
        """What should have been done before the tenant was added."""
        return warnings(self.items)

    @property
    def done(self) -> int:
        """Items with nothing left to do."""
        return sum(item.state in (State.DONE, State.NOT_NEEDED) for item in self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What became of a tenant that left.

    Attributes:
        resources: that stay readable, as they were last seen.
    """

    tenant: Tenant
    disconnected: int
    resources: int


def begin_tenant(
    work: Work, known: Policies, new: NewConnection, *, owner: str = "", purpose: str = ""
) -> Joining:
    """Begin a tenant with its first directory: synced from now on, and examined at once.

    It is stored though items of its checklist are open; ``warnings`` names them.

    Raises:
        CredentialMissing, SecretItself: nothing was stored.
        TenantExists: there is a tenant of that id.
    """
    work.require("tenants:create", PLATFORM)
    check_credential(new.name, new.client, new.secret, lighthouse=new.use_lighthouse)
    connection = syncing.connect_tenant(work, known, new, owner=owner, purpose=purpose)
    preflight.examine_soon(work, connection)
    return joining(work, connection.tenant)


def add_directory(work: Work, known: Policies, tenant: TenantId, new: NewConnection) -> Connection:
    """Connect one more directory to a tenant: by the same rules, and examined at once.

    Raises:
        CredentialMissing, SecretItself: nothing was stored.
        ConnectionExists: the directory is connected already.
    """
    work.require("connections:create", tenant)
    check_credential(new.name, new.client, new.secret, lighthouse=new.use_lighthouse)
    connection = syncing.connect(work, known, tenant, new)
    preflight.examine_soon(work, connection)
    return connection


def joining(work: Work, tenant: str) -> Joining:
    """How far a tenant's onboarding is."""
    among = work.require(READ, tenant)
    found = tenants.tenant_of(work, tenant)
    there = connections.of(work.db, among)
    recorded = store.of_tenants(work.db, among).get(found.id, {})
    examined = preflight.last_of(work, among)
    return Joining(
        tenant=found, connections=there, items=checklist(found, there, recorded, examined)
    )


def record(work: Work, tenant: str, item: ItemName, state: State, evidence: str = "") -> Joining:
    """Say how an item stands, and what that rests on. The word of a person stands.

    Raises:
        TenantArchivedAlready: nothing about it changes now.
        TooMuchEvidence: says how long it may be.
    """
    among = work.require(WRITE, tenant)
    tenants.require_open(work, tenant)
    if len(evidence) > MAX_EVIDENCE:
        raise TooMuchEvidence(f"evidence must have at most {MAX_EVIDENCE} characters")
    said = Recorded(item=item, state=state, by=work.actor.id, at=work.now, evidence=evidence)
    store.put(work.db, among, TenantId(tenant), said)
    work.publish(
        OnboardingRecorded(
            tenant=TenantId(tenant), item=item.value, state=state.value, evidence=evidence
        )
    )
    return joining(work, tenant)


def verify(work: Work, tenant: str) -> Joining:
    """Look whether a tenant that was added is there, synced, and its data flowing.

    Runbook 000, section 5.3. What was found is kept with the checklist.
    """
    among = work.require(WRITE, tenant)
    tenants.require_open(work, tenant)
    there = connections.of(work.db, among)
    resources = sum(inventory.count_of(work, among, c.id) for c in there)
    state, words = _found(work, tenant, there, resources)
    by = PRODUCT if work.actor.id == installation().id else work.actor.id
    said = Recorded(item=ItemName.VERIFICATION, state=state, by=by, at=work.now, evidence=words)
    store.put(work.db, among, TenantId(tenant), said)
    work.publish(TenantVerified(tenant=TenantId(tenant), state=state.value, resources=resources))
    return joining(work, tenant)


def offboard(work: Work, known: Policies, tenant: str, *, version: int | None = None) -> Left:
    """End a tenant: archived and disconnected. What was read and logged of it stays readable.

    Raises:
        TenantMovedOn, TenantArchivedAlready: as ``tenants.archive`` does.
    """
    among = work.require("tenants:archive", tenant)
    there = connections.of(work.db, among)
    resources = sum(inventory.count_of(work, among, c.id) for c in there)
    ended = syncing.archive_tenant(work, known, tenant, version=version)
    work.publish(TenantOffboarded(tenant=ended.id, connections=len(there), resources=resources))
    return Left(tenant=ended, disconnected=len(there), resources=resources)


def exports_of(tenant: str) -> list[str]:
    """Where what is known of a tenant can be had whole, also after it left."""
    kinds = ("resources", "costs", "compliance")
    return [f"/api/v1/exports/{what}?tenant_ids={tenant}" for what in kinds]


def subscriber() -> Subscriber:
    """Verifies a tenant by itself when its first sync of resources has ended well."""
    return Subscriber(name="onboarding", receive=_hear, hears=[SyncCompleted.__name__])


def _hear(work: Work, fact: Fact) -> None:
    if fact.payload.get("domain") != RESOURCES:
        return
    only = Tenants(frozenset({fact.tenant}))
    recorded = store.of_tenants(work.db, only).get(TenantId(fact.tenant), {})
    if ItemName.VERIFICATION in recorded or not connections.of(work.db, only):
        return
    # Nobody asked: the product works through its checklist by itself.
    itself = replace(work, actor=installation())
    if tenants.tenant_of(itself, fact.tenant).open:
        verify(itself, fact.tenant)


def _found(
    work: Work, tenant: str, there: Sequence[Connection], resources: int
) -> tuple[State, str]:
    only = Tenants(frozenset({tenant}))
    runs = queries.history(replace(work, actor=installation()), limit=RUNS_LOOKED_AT, only=only)
    well = [r for r in runs if r.domain == RESOURCES and r.state is RunState.SUCCESS]
    words = ["in the list of tenants" if there else "no directory is connected"]
    words.append(f"{len(well)} syncs of resources ended well" if well else "no sync ended well yet")
    words.append(f"{resources} resources")
    if there and well and resources:
        return State.DONE, "; ".join(words)
    waits = there and not any(r.ended_at for r in runs if r.domain == RESOURCES)
    return State.OPEN if waits else State.FAILED, "; ".join(words)
