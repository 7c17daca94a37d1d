"""Freeze, look into it, unfreeze. Each public verb is one use case in one transaction.

The ``refuse_*`` are for the use cases that a freeze stops: call them first, in the
transaction that would purge, export or accept.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from sqlalchemy import Connection

from quarterdeck.access.epoch import service as epoch
from quarterdeck.events.trail import (
    EvidenceReleased,
    FreezeLifted,
    FreezePlaced,
    TamperConfirmed,
    TamperDetected,
)
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.trail.freeze import store
from quarterdeck.trail.freeze.model import (
    BY_HAND,
    INCIDENT,
    EvidenceHeld,
    Frozen,
    IngestStopped,
    Investigation,
    InvestigationNotFound,
    InvestigationUnclear,
    Outcome,
    OutcomeMissing,
    Quarantine,
    ReasonMissing,
    Suspicion,
    words,
)

RETRY_S = 60
TEAMS = ["security", "compliance"]
NONE: Mapping[str, int] = MappingProxyType({})


def freeze(
    work: Work,
    reason: str,
    tenant: str = PLATFORM,
    suspicion: Suspicion = Suspicion.TAMPERING,
    sizes: Mapping[str, int] = NONE,
) -> Investigation:
    """Open an investigation; purge and export are refused until it ends.

    ``sizes``: leaves of each log now; what comes after them is in quarantine.

    Raises:
        ReasonMissing: it needs one.
    """
    work.require("integrity:investigate", tenant)
    why = words(reason, ReasonMissing, "a reason")
    opened = _opened(work, why, tenant, suspicion, sizes.get(tenant))
    _place(work, opened, sizes)
    return opened


def suspected(
    work: Work, tenant: str, incident: str, title: str, by: str, sizes: Mapping[str, int]
) -> Investigation | None:
    """Have an incident that suspects a loss of data freeze a log; None if it has already.

    ``by``: who declared it. For the incident's own fact: it asks for no permission.
    """
    where, mine = f"{INCIDENT}{incident}", Tenants(frozenset({tenant}))
    if any(one.open and one.where == where for one in store.standing(work.db, mine)):
        return None
    made = _opened(work, "A loss of data is suspected", tenant, Suspicion.DATA_LOSS, None)
    quarantine = None if tenant == PLATFORM else sizes.get(tenant)
    made = replace(made, where=where, what=title, opened_by=by, quarantine_from=quarantine)
    _place(work, made, sizes)
    return made


def detected(work: Work, tenant: str, where: str, what: str, size: int) -> Investigation | None:
    """Open an investigation of what a check found; None if one of the same stands already."""
    mine = Tenants(frozenset({tenant}))
    if any(one.open and one.where == where for one in store.standing(work.db, mine)):
        return None
    opened = replace(
        _opened(work, "TamperDetected", tenant, Suspicion.TAMPERING, size), where=where, what=what
    )
    store.add(work.db, opened)
    work.publish(
        TamperDetected(tenant=tenant, investigation=opened.id, where=where, what=what, size=size)
    )
    return opened


def opened(
    work: Work, tenant: str, suspicion: Suspicion, where: str, what: str, size: int
) -> Investigation:
    """An investigation of what a check found; ``keep`` has it freeze."""
    made = _opened(work, "ComplianceViolation", tenant, suspicion, size)
    return replace(made, where=where, what=what)


def keep(work: Work, made: Investigation) -> None:
    """Have an investigation freeze from now on. The check tells of it itself."""
    store.add(work.db, made)


def unfreeze(
    work: Work,
    outcome: str,
    root_cause: str,
    investigation: str = "",
    sizes: Mapping[str, int] = NONE,
) -> Investigation:
    """End an investigation: the one named, or the only one that is open.

    Confirmed tampering is told as SEV-1 to security and compliance, and its evidence is held;
    so is that of a breach of residency. What was kept too long is no evidence: it is to go.
    ``sizes``: leaves of each log now; the quarantine ends there.

    Raises:
        OutcomeMissing: neither ``confirmed`` nor ``false-positive``, or no root cause.
        InvestigationNotFound, InvestigationUnclear: none is open, or several are.
    """
    tenants = work.tenants("integrity:investigate")
    ended = _outcome(outcome)
    cause = words(root_cause, OutcomeMissing, "the root cause")
    found = _one_open(work, tenants, investigation)
    closed = replace(
        found,
        outcome=ended,
        root_cause=cause,
        closed_by=work.actor.id,
        closed_at=micros(work.now),
        quarantine_to=None if found.quarantine_from is None else sizes.get(found.tenant),
        evidence_held=ended is Outcome.CONFIRMED and found.stops_purge,
    )
    if not store.close(work.db, tenants, closed):
        raise InvestigationNotFound(f"{found.id} was closed by somebody else just now")
    store.end_quarantines(work.db, closed.id, sizes)
    _tell(work, closed)
    return closed


def release_evidence(work: Work, investigation: str) -> None:
    """Let what a confirmed investigation holds be purged again."""
    tenants = work.tenants("holds:release")
    found = {one.id: one for one in store.of_tenants(work.db, tenants)}.get(investigation)
    if found is None or not store.release(work.db, tenants, investigation):
        raise InvestigationNotFound(f"no closed investigation {investigation} holds evidence")
    work.publish(EvidenceReleased(tenant=found.tenant, investigation=found.id))


def investigations(work: Work) -> list[Investigation]:
    """Those that the actor may see, newest first."""
    return store.of_tenants(work.db, work.tenants("trail:verify"))


def ranges(work: Work) -> list[Quarantine]:
    """What is or was in quarantine of the logs whose investigations the actor may see."""
    found = store.quarantines(work.db, work.tenants("trail:verify"))
    return [one for one in found if one.tenant != store.EVERY]


def ranges_of(work: Work, found: Investigation) -> list[Quarantine]:
    """What one investigation has, or had, in quarantine."""
    work.require("integrity:investigate", found.tenant)
    tenants = work.tenants("integrity:investigate")
    return [
        one
        for one in store.quarantines(work.db, tenants)
        if one.investigation == found.id and one.tenant != store.EVERY
    ]


def in_doubt(work: Work, tenant: str) -> list[Quarantine]:
    """Which records of a log are in quarantine: told to whoever reads them."""
    work.require("trail:read", tenant)
    return [one for one in quarantines(work.db, tenant) if one.in_doubt]


def quarantines(db: Connection, tenant: str) -> list[Quarantine]:
    """What is or was in quarantine of one log, by investigation.

    For whoever has been let see its records: it asks for no permission.
    """
    found = store.quarantines(db, Tenants(frozenset({tenant})))
    known = {one.investigation for one in found if one.tenant == tenant}
    began_since = [one for one in found if one.investigation not in known]
    return [one for one in found if one.tenant == tenant] + [
        replace(one, tenant=tenant) for one in began_since
    ]


def open_ones(db: Connection, tenants: Tenants) -> list[Investigation]:
    """Those of these tenants that are open, oldest first: for metrics."""
    return [one for one in store.standing(db, tenants) if one.open]


def open_investigation(work: Work, investigation: str = "") -> Investigation:
    """The open one of this id, or the only one; raise as ``unfreeze`` does."""
    return _one_open(work, work.tenants("integrity:investigate"), investigation)


def refuse_frozen(db: Connection, tenant: str) -> None:
    """For exports, and whatever else lets records out.

    Raises:
        Frozen: names the investigations.
    """
    ids = [one.id for one in _standing(db, tenant) if one.open]
    if ids:
        raise Frozen(_frozen(ids))


def refuse_purge(db: Connection, tenant: str) -> None:
    """For purges and erasures of the tenant's records.

    Raises:
        Frozen, EvidenceHeld: names the investigations.
    """
    standing = [one for one in _standing(db, tenant) if one.stops_purge]
    if ids := [one.id for one in standing if one.open]:
        raise Frozen(_frozen(ids))
    if ids := [one.id for one in standing]:
        raise EvidenceHeld(f"held as evidence by {', '.join(ids)}; it needs holds:release")


def refuse_ingest(db: Connection, tenant: str) -> None:
    """For whatever appends what others send.

    Raises:
        IngestStopped: a loss of data is looked into.
    """
    lost = [one.incident or one.id for one in _standing(db, tenant) if one.stops_ingest]
    if lost:
        raise IngestStopped(
            f"a loss of data is looked into ({', '.join(lost)}): nothing is accepted until "
            "somebody with integrity:investigate says how it ended; keep what you have to send, "
            "and send it again later",
            RETRY_S,
        )


def stopped(work: Work) -> list[Investigation]:
    """The losses that are looked into, for whoever reads a log that accepts nothing meanwhile."""
    mine = frozenset(on for held, on in work.actor.grants if held == "trail:read")
    if not mine:
        return []
    found = store.standing(work.db, Tenants(mine | {PLATFORM}))
    return [one for one in found if one.stops_ingest]


def _place(work: Work, made: Investigation, sizes: Mapping[str, int]) -> None:
    if made.suspicion is Suspicion.DATA_LOSS:
        epoch.advance(work)  # whoever ingests looks anew, in every process
    store.add(work.db, made)
    if made.tenant == PLATFORM:
        store.begin_quarantines(work.db, made.id, sizes)
    work.publish(
        FreezePlaced(
            tenant=made.tenant,
            investigation=made.id,
            suspicion=made.suspicion,
            reason=made.reason,
            incident=made.incident,
        )
    )


def _standing(db: Connection, tenant: str) -> list[Investigation]:
    return store.standing(db, Tenants(frozenset({tenant, PLATFORM})))


def _opened(
    work: Work, reason: str, tenant: str, suspicion: Suspicion, size: int | None
) -> Investigation:
    return Investigation(
        id=work.new_id(),
        tenant=tenant,
        suspicion=suspicion,
        reason=reason,
        opened_by=work.actor.id,
        opened_at=micros(work.now),
        quarantine_from=None if tenant == PLATFORM else size,
    )


def _one_open(work: Work, tenants: Tenants, investigation: str) -> Investigation:
    found = [one for one in store.standing(work.db, tenants) if one.open]
    if investigation:
        found = [one for one in found if one.id == investigation]
    if not found:
        raise InvestigationNotFound(f"no open investigation {investigation}".rstrip())
    if len(found) > 1:
        raise InvestigationUnclear(f"open are {', '.join(one.id for one in found)}: name one")
    return found[0]


def _outcome(text: str) -> Outcome:
    if text not in list(Outcome):
        raise OutcomeMissing(
            f"say how it ended: {' or '.join(Outcome)}, and its root cause; "
            "without an outcome the freeze stays"
        )
    return Outcome(text)


def _tell(work: Work, closed: Investigation) -> None:
    work.publish(
        FreezeLifted(
            tenant=closed.tenant,
            investigation=closed.id,
            result=closed.outcome,
            root_cause=closed.root_cause,
        )
    )
    if closed.evidence_held and closed.suspicion in BY_HAND:
        work.publish(
            TamperConfirmed(
                tenant=closed.tenant,
                investigation=closed.id,
                severity="SEV-1",
                teams=TEAMS,
                where=closed.where,
                what=closed.what or closed.reason,
            )
        )


def _frozen(ids: list[str]) -> str:
    return (
        f"purge and export are frozen by the investigation {', '.join(ids)}; it ends with: "
        "atp-admin integrity unfreeze --outcome confirmed|false-positive --root-cause WORDS"
    )
