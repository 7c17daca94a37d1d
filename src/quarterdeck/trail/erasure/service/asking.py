"""What people do with erasures. Each function is one use case in one transaction."""

from dataclasses import replace

from sqlalchemy import Connection

from quarterdeck.events.keeping import ErasureApproved, ErasureRefused, ErasureRequested
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.jobs.model import NewJob
from quarterdeck.kernel.jobs.queue import enqueue
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.trail.erasure import store
from quarterdeck.trail.erasure.model import (
    AnotherMustApprove,
    Erasure,
    ErasureDecided,
    ErasureNotFound,
    State,
    SubjectUnknown,
    subject_of,
    words,
)
from quarterdeck.trail.freeze import service as freeze
from quarterdeck.trail.holds import service as holds
from quarterdeck.trail.holds.model import Covers, OnHold
from quarterdeck.trail.keys import service as data_keys
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.seal import tag
from quarterdeck.trail.policy import service as policy
from quarterdeck.trail.policy.keeping import Approvals
from quarterdeck.trail.policy.model import Kind

JOB = "trail-erase"
TAG = "trail erasure v1"
WANTED = "erasure"


def request(work: Work, keys: KeyStore, tenant: str, subject: str, reason: str) -> Erasure:
    """Ask that what is sealed for a subject becomes unreadable; another person approves.

    Raises:
        SubjectUnknown: nothing is sealed for it.
        OnHold: a legal hold names the tenant or the subject.
        Frozen, EvidenceHeld: the trail is being looked into.
    """
    work.require("erasure:request", tenant)
    who = subject_of(subject)
    refuse(work.db, tenant, who)
    if not data_keys.ids_of(work.db, tenant, who):
        raise SubjectUnknown(f"nothing is sealed for {who} in the log of {tenant}")
    asked = Erasure(
        id=work.new_id(),
        tenant=tenant,
        subject=who,
        tag=tag(keys.derived(tenant, TAG), who),
        reason=words(reason),
        state=State.REQUESTED,
        requested_by=work.actor.id,
        requested_at=micros(work.now),
    )
    store.add(work.db, asked)
    work.publish(ErasureRequested(tenant=tenant, erasure=asked.id, subject_tag=asked.tag))
    return asked


def approve(work: Work, erasure: str) -> Erasure:
    """Agree to an erasure: a job erases at once.

    Raises:
        ErasureNotFound, ErasureDecided: there is none that waits.
        AnotherMustApprove: whoever asked cannot approve, unless policy lets one person do it.
        OnHold, Frozen, EvidenceHeld: as ``request``.
    """
    found = _one(work, work.tenants("holds:read"), erasure)
    work.require("erasure:approve", found.tenant)
    if found.state is not State.REQUESTED:
        raise ErasureDecided(f"erasure {erasure} is {found.state}")
    two = Approvals.of(policy.document(work.db, found.tenant, Kind.APPROVALS)).erasure
    if two and found.requested_by == work.actor.id:
        raise AnotherMustApprove(f"you asked for erasure {erasure}: another person approves it")
    refuse(work.db, found.tenant, found.subject)
    agreed = replace(
        found, state=State.APPROVED, approved_by=work.actor.id, approved_at=micros(work.now)
    )
    _change(work, State.REQUESTED, agreed)
    work.publish(ErasureApproved(tenant=agreed.tenant, erasure=agreed.id, subject_tag=agreed.tag))
    enqueue(
        work.db,
        work.now,
        NewJob(
            kind=JOB,
            tenant=agreed.tenant,
            body={"erasure": agreed.id},
            dedup=f"{JOB}:{agreed.id}",
            actor=work.actor.id,
            request=work.request,
        ),
    )
    return agreed


def decline(work: Work, erasure: str, reason: str) -> Erasure:
    """Refuse an erasure that waits for approval; the reason is kept with it."""
    found = _one(work, work.tenants("holds:read"), erasure)
    work.require("erasure:approve", found.tenant)
    if found.state is not State.REQUESTED:
        raise ErasureDecided(f"erasure {erasure} is {found.state}")
    return refused(work, found, words(reason))


def erasures(work: Work) -> list[Erasure]:
    """Those that the actor may see, newest first."""
    return store.of_tenants(work.db, work.tenants("holds:read"))


def erasure_of(work: Work, erasure: str) -> Erasure:
    """One erasure, with its certificate once it is done."""
    return _one(work, work.tenants("holds:read"), erasure)


def refused(work: Work, found: Erasure, why: str) -> Erasure:
    """Write down that an erasure is not done, and why; for the job too."""
    ended = replace(found, state=State.REFUSED, detail=why)
    _change(work, found.state, ended)
    work.publish(
        ErasureRefused(
            tenant=ended.tenant, erasure=ended.id, subject_tag=ended.tag, detail=ended.detail
        )
    )
    return ended


def refuse(db: Connection, tenant: str, subject: str) -> None:
    """Raise where a hold or a freeze keeps the subject's data, as far as that is seen at once.

    Holds on ranges, actors and resources keep single records: the job looks at those.
    """
    freeze.refuse_purge(db, tenant)
    holds.refuse_whole(db, tenant, WANTED)
    named = [
        one.id
        for one in holds.standing(db, tenant)
        if one.scope.covers in (Covers.SUBJECT, Covers.ACTOR, Covers.RESOURCE)
        and one.scope.value == subject
    ]
    if named:
        raise OnHold(tenant, WANTED, named)


def _one(work: Work, among: Tenants, erasure: str) -> Erasure:
    found = store.one(work.db, among, erasure)
    if found is None:
        raise ErasureNotFound(f"no erasure {erasure}")
    return found


def _change(work: Work, old: State, new: Erasure) -> None:
    if not store.change(work.db, Tenants(frozenset({new.tenant})), old, new):
        raise ErasureDecided(f"somebody else decided erasure {new.id} just now")
