"""What people do with policies, and which of them hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine

from quarterdeck.access.epoch import service as epoch
from quarterdeck.access.roles.model import ROLES
from quarterdeck.access.tenants import service as tenants
from quarterdeck.events.trail import PolicySet
from quarterdeck.kernel.clock import Clock, micros
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import ANY, Actor, Tenants, Work, begin
from quarterdeck.trail.policy import store
from quarterdeck.trail.policy.compiled import retention_of
from quarterdeck.trail.policy.forms import FORMS
from quarterdeck.trail.policy.model import (
    STANDARD,
    Classification,
    IngestRate,
    Kind,
    NoSuchPolicy,
    Redaction,
    TrailPolicyMovedOn,
    Treatment,
    Version,
    digest_of,
)

SYSTEM = Actor("quarterdeck", frozenset())
DEFAULTS: Mapping[Kind, Mapping[str, Any]] = {
    Kind.CLASSIFICATION: Classification().document,
    Kind.REDACTION: Redaction().document,
}
WRITES = {
    Kind.INGEST_RATE: "limits:write",
    Kind.RETENTION: "retention:write",
    Kind.RESIDENCY: "retention:write",
    Kind.APPROVALS: "approvals:write",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The policies that hold for a tenant: its own, then those of the platform."""

    classification: Classification
    redaction: Redaction
    rate: IngestRate | None


def visible(work: Work) -> list[Version]:
    """The newest version of each policy that the actor may see."""
    found = store.versions(work.db, work.tenants("policies:read"))
    newest: dict[tuple[str, Kind], Version] = {}
    for one in found:
        newest.setdefault((one.tenant, one.kind), one)
    return list(newest.values())


def versions(work: Work, tenant: str, kind: Kind) -> list[Version]:
    """All versions, newest first; none where the tenant has no such policy of its own."""
    return store.versions(work.db, work.require("policies:read", tenant), tenant, kind)


def version_of(work: Work, tenant: str, kind: Kind, version: int | None = None) -> Version:
    """One version, None for the newest; raise NoSuchPolicy if there is none."""
    for found in versions(work, tenant, kind):
        if version in (None, found.version):
            return found
    raise NoSuchPolicy(f"tenant {tenant} has no {kind} policy of its own of that version")


def put(
    work: Work,
    tenant: str,
    kind: Kind,
    document: Mapping[str, Any],
    *,
    known: int | None = None,
    dry_run: bool = False,
) -> Version:
    """Make ``document`` the next version; what stands already stays as it is.

    A classification holds from its own leaf on; the others from the commit on.

    Raises:
        PolicyInvalid: says which rule is wrong.
        TrailPolicyMovedOn: the newest version is not ``known``.
    """
    among = work.require(WRITES.get(kind, "policies:write"), tenant)
    told = FORMS[kind].of(document).document
    if not dry_run:
        epoch.advance(work)
    if tenant != PLATFORM:
        tenants.require_open(work, tenant)
    before = next(iter(store.versions(work.db, among, tenant, kind)), None)
    number = before.version if before else 0
    if known is not None and known != number:
        raise TrailPolicyMovedOn(
            f"the {kind} policy of {tenant} is at version {number}, not {known}"
        )
    if before is not None and before.document == told:
        return before
    made = Version(
        tenant=tenant,
        kind=kind,
        version=number + 1,
        document=told,
        digest=digest_of(told),
        at=micros(work.now),
        by=work.actor.id,
    )
    if not dry_run:
        store.add(work.db, made)
        work.publish(
            PolicySet(tenant=tenant, kind=str(kind), version=made.version, digest=made.digest)
        )
    return made


def load_defaults(work: Work) -> list[Kind]:
    """Give the platform the default policies that it lacks; which those are.

    They say what holds without any policy, so that it is written down, versioned and seen.
    """
    there = {kind for tenant, kind in newest(work.db) if tenant == PLATFORM}
    missing = [kind for kind in DEFAULTS if kind not in there]
    for kind in missing:
        put(work, PLATFORM, kind, DEFAULTS[kind])
    return missing


def newest(db: Connection) -> Mapping[tuple[str, Kind], Version]:
    """The newest version of every policy of the installation. No use case: for checks."""
    found: dict[tuple[str, Kind], Version] = {}
    for one in store.versions(db, Tenants(frozenset({ANY}))):
        found.setdefault((one.tenant, one.kind), one)
    return found


def take_effect(engine: Engine, clock: Clock, of: tuple[str, str, int], index: int) -> None:
    """The leaf of the version (tenant, kind, number) stands at ``index``: from here it holds."""
    with begin(engine, SYSTEM, clock) as work:
        epoch.advance(work)
        store.take_effect(work.db, Tenants(frozenset({of[0]})), of, index)


def standing(db: Connection, tenant: str) -> Standing:
    """What holds for a tenant now. No use case: its callers have required their own."""
    found = store.versions(db, Tenants(frozenset({tenant, PLATFORM})))
    holding: dict[tuple[str, Kind], Version] = {}
    for one in found:
        if one.holds:
            holding.setdefault((one.tenant, one.kind), one)
    own, shared = _documents(holding, tenant), _documents(holding, PLATFORM)
    rate = own.get(Kind.INGEST_RATE) or shared.get(Kind.INGEST_RATE)
    redaction = own.get(Kind.REDACTION) or shared.get(Kind.REDACTION) or {}
    return Standing(
        classification=_classification(
            own.get(Kind.CLASSIFICATION), shared.get(Kind.CLASSIFICATION)
        ),
        redaction=Redaction.of(redaction),
        rate=None if rate is None else IngestRate.of(rate),
    )


def document(db: Connection, tenant: str, kind: Kind) -> Mapping[str, Any]:
    """What holds of ``kind``: the tenant's own, or the platform's; empty where there is none.

    For kinds that hold from the commit on. No use case: its callers have required their own.
    """
    found = store.versions(db, Tenants(frozenset({tenant, PLATFORM})))
    newest: dict[str, Mapping[str, Any]] = {}
    for one in found:
        if one.kind is kind:
            newest.setdefault(one.tenant, one.document)
    return newest.get(tenant) or newest.get(PLATFORM) or {}


def keep_text(db: Connection, used: Classification) -> None:
    """Keep what ``used.digest`` stands for, before a record names it."""
    store.keep_text(db, used.digest, used.document)


def text(db: Connection, digest: str) -> Mapping[str, Any] | None:
    """The classification that a record names by its digest. No use case: as ``standing``."""
    return store.text_of(db, digest)


def retention(work: Work, tenant: str, record: Mapping[str, Any]) -> str:
    """The retention class of a record of the tenant, by the policy that it names."""
    work.require("trail:read", tenant)
    return retention_class(work.db, record)


def retention_class(db: Connection, record: Mapping[str, Any]) -> str:
    """The retention class of a record, for who works on whole logs."""
    return _retained(db, {}, record)


def retention_classes(db: Connection, records: Sequence[Mapping[str, Any]]) -> list[str]:
    """As ``retention_class`` of each; every policy that they name is read once."""
    known: dict[str, Mapping[str, Any] | None] = {}
    return [_retained(db, known, record) for record in records]


def treatment(work: Work, tenant: str, cls: str) -> Treatment:
    """How a field of class ``cls`` is shown to the actor.

    Roles are told by what they allow: an actor holds each role all of whose permissions it has.
    """
    work.require("trail:read", tenant)
    held = [r.name for r in ROLES.values() if all(work.actor.may(p, tenant) for p in r.permissions)]
    return standing(work.db, tenant).redaction.treatment(held, cls)


def _retained(
    db: Connection, known: dict[str, Mapping[str, Any] | None], record: Mapping[str, Any]
) -> str:
    digest = str(record["policy"])
    if digest not in known:
        known[digest] = store.text_of(db, digest)
    document = known[digest]
    if document is None:
        return STANDARD
    return retention_of(document, str(record["action"]), str(record["resource"]["type"]))


def _documents(
    holding: Mapping[tuple[str, Kind], Version], tenant: str
) -> dict[Kind, Mapping[str, Any]]:
    return {kind: one.document for (whose, kind), one in holding.items() if whose == tenant}


def _classification(
    own: Mapping[str, Any] | None, shared: Mapping[str, Any] | None
) -> Classification:
    last = Classification.of(shared or {})
    return last if own is None else Classification.of(own).before(last)
