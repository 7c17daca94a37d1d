"""What people do with programmes, and how far each tenant is."""

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta

import msgspec

from quarterdeck.access.tenants import service as access
from quarterdeck.events.compliance import (
    EvidenceRecorded,
    ProgrammeDefined,
    ProgrammeDisabled,
    ProgrammeEnabled,
    ProgrammeJudged,
    ProgrammeSyncRequested,
)
from quarterdeck.governance.programmes.measures import MEASURES
from quarterdeck.governance.programmes.model import (
    MANUAL,
    Evidence,
    Judgement,
    Maturity,
    Programme,
    Requirement,
    Standing,
    State,
    UnusableProgramme,
    by_evidence,
    judged,
    standing,
)
from quarterdeck.governance.programmes.store import queries as store
from quarterdeck.kernel import schedules
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.errors import Conflict, NotFound
from quarterdeck.kernel.ids import PLATFORM, JobId, TenantId
from quarterdeck.kernel.jobs.model import NewJob
from quarterdeck.kernel.jobs.queue import enqueue
from quarterdeck.kernel.schedules import Schedule
from quarterdeck.kernel.work import Tenants, Work

READ, WRITE = "programmes:read", "programmes:write"
JUDGE = "governance.programme"
JUDGED_EVERY = timedelta(hours=24)
SHOWN_EVIDENCE = 100
TREND = timedelta(days=90)


class NoSuchProgramme(NotFound):
    """There is no programme of that name."""


class NoSuchRequirement(NotFound):
    """The programme has no such requirement."""


class ProgrammeNotEnabled(Conflict):
    """No tenant that one may see takes part in the programme."""


class DecidedByMeasure(Conflict):
    """The requirement is decided by what the estate knows, not by what a person says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a person says of a requirement; the fields are those of ``Evidence``."""

    state: State
    link: str = ""
    note: str = ""
    expires: date | None = None


def define(work: Work, programme: Programme) -> Programme:
    """Define a programme, or define it anew; what was said and found of it stays."""
    work.require(WRITE, PLATFORM)
    for requirement in programme.requirements:
        if not requirement.manual and requirement.measure not in MEASURES:
            there = ", ".join([MANUAL, *MEASURES])
            raise UnusableProgramme(f"{requirement.id}: no measure {requirement.measure}; {there}")
    spec = msgspec.json.encode(programme, order="sorted")
    store.put(work.db, programme.name, spec.decode(), micros(work.now), work.actor.id)
    work.publish(
        ProgrammeDefined(
            tenant=PLATFORM,
            programme=programme.name,
            deadline=programme.deadline.isoformat(),
            digest=hashlib.sha256(spec).hexdigest(),
        )
    )
    return programme


def defined(work: Work) -> list[Programme]:
    """Every programme, by name."""
    work.tenants(READ)
    return [_read(spec) for spec in store.specs(work.db).values()]


def programme_of(work: Work, name: str) -> Programme:
    """One programme; raise NoSuchProgramme if there is none."""
    work.tenants(READ)
    return _programme(work, name)


def enable(work: Work, name: str, tenant: str) -> None:
    """Have a tenant take part: it is judged now, and every 24 h. Twice is once."""
    work.require(WRITE, tenant)
    access.require_open(work, TenantId(tenant))
    _programme(work, name)
    if store.enable(work.db, name, tenant, micros(work.now)):
        schedules.put(work.db, work.now, _schedule(name, tenant))
        work.publish(ProgrammeEnabled(tenant=TenantId(tenant), programme=name))


def disable(work: Work, name: str, tenant: str) -> None:
    """Have a tenant take part no more; its evidence stays. Twice is once."""
    mine = work.require(WRITE, tenant)
    _programme(work, name)
    if store.disable(work.db, mine, name):
        schedules.drop(work.db, _schedule(name, tenant).name)
        work.publish(ProgrammeDisabled(tenant=TenantId(tenant), programme=name))


def taking_part(work: Work) -> list[tuple[str, TenantId]]:
    """Programme and tenant, of those that take part and that the actor may see."""
    found = store.taking_part(work.db, work.tenants(READ))
    return [(name, TenantId(tenant)) for name, tenant in found]


def record(work: Work, name: str, tenant: str, requirement: str, said: Said) -> Evidence:
    """Keep what a person says of a requirement that people decide.

    Raises:
        DecidedByMeasure: the requirement is decided by what the estate knows.
    """
    mine = work.require(WRITE, tenant)
    programme = _programme(work, name)
    asked = _requirement(programme, requirement)
    _require_part(work, mine, name)
    if not asked.manual:
        raise DecidedByMeasure(f"{requirement} is decided by {asked.measure}, not by hand")
    kept = Evidence(
        id=work.new_id(),
        requirement=requirement,
        state=said.state,
        link=said.link,
        note=said.note,
        expires=said.expires,
        by=work.actor.id,
        at=work.now,
    )
    store.add_evidence(work.db, name, tenant, kept)
    work.publish(
        EvidenceRecorded(
            tenant=TenantId(tenant),
            programme=name,
            requirement=requirement,
            state=said.state.value,
            link=said.link,
        )
    )
    return kept


def evidence_of(work: Work, name: str, tenant: str, requirement: str) -> list[Evidence]:
    """What was said of a requirement, newest first; at most ``SHOWN_EVIDENCE``."""
    mine = work.require(READ, tenant)
    _requirement(_programme(work, name), requirement)
    return store.all_evidence(work.db, mine, name, requirement, SHOWN_EVIDENCE)


def stand(work: Work, name: str, tenant: str) -> Standing:
    """How far a tenant is, by the last look and what people said."""
    mine = work.require(READ, tenant)
    programme = _programme(work, name)
    _require_part(work, mine, name)
    return _stand(work, mine, programme, TenantId(tenant))


def trend(work: Work, name: str, tenant: str) -> dict[date, Maturity]:
    """How each of the last 90 days ended; days on which nobody looked are absent."""
    mine = work.require(READ, tenant)
    return store.days_of(work.db, mine, name, (work.now - TREND).date())


def request_sync(work: Work, name: str, only: Tenants | None = None) -> list[JobId]:
    """Have a programme judged now for each tenant that takes part; the ids of the jobs.

    Raises:
        NoSuchProgramme: says where programmes come from.
        ProgrammeNotEnabled: says how a tenant takes part.
    """
    tenants = only or work.tenants("sync:trigger")
    _programme(work, name)
    found = [tenant for part, tenant in store.taking_part(work.db, tenants) if part == name]
    if not found:
        raise ProgrammeNotEnabled(
            f"programme {name} is enabled for no tenant; enable it with "
            f"PUT /api/v1/programmes/{name}/tenants/TENANT"
        )
    return [_requested(work, name, TenantId(tenant)) for tenant in found]


def judge(work: Work, tenants: Tenants, name: str, tenant: TenantId) -> Standing | None:
    """Look at all that decides itself, and keep what came of it; None: it takes part no more.

    For a job: the right was checked when it was asked for.
    """
    spec = store.spec_of(work.db, name)
    if spec is None or (name, tenant) not in store.taking_part(work.db, tenants):
        return None
    programme = _read(spec)
    found = [
        _measured(work, tenants, requirement)
        for requirement in programme.requirements
        if not requirement.manual
    ]
    store.put_results(work.db, tenants, name, tenant, found)
    stood = _stand(work, tenants, programme, tenant)
    store.end_day(work.db, name, tenant, work.now.date(), stood.maturity)
    counts = {state.value: many for state, many in stood.tally.items()}
    work.publish(ProgrammeJudged(tenant=tenant, programme=name, **counts))
    return stood


def _stand(work: Work, mine: Tenants, programme: Programme, tenant: TenantId) -> Standing:
    said = store.newest_evidence(work.db, mine, programme.name)
    looks = store.results_of(work.db, mine, programme.name)
    found = {}
    for one in programme.requirements:
        if one.manual:
            found[one.id] = by_evidence(one, said.get(one.id), work.now.date())
        else:
            found[one.id] = _looked(one, looks.get(one.id), programme.name)
    return standing(programme, tenant, found, work.now)


def _looked(requirement: Requirement, look: store.Look | None, name: str) -> Judgement:
    if look is None:
        words = f"it was never looked at; POST /api/v1/programmes/{name}/sync"
        return Judgement(requirement=requirement, state=State.NOT_KNOWN, reason=words, at=None)
    state, reason, at = look
    return Judgement(requirement=requirement, state=state, reason=reason, at=instant(at))


def _measured(work: Work, tenants: Tenants, requirement: Requirement) -> Judgement:
    measure = MEASURES.get(requirement.measure)
    if measure is None:  # one that an older release knew
        state, reason = State.NOT_KNOWN, f"there is no measure {requirement.measure}"
    else:
        state, reason = judged(requirement, measure(work, tenants, requirement.about))
    return Judgement(requirement=requirement, state=state, reason=reason, at=work.now)


def _requested(work: Work, name: str, tenant: TenantId) -> JobId:
    asked = _schedule(name, tenant)
    job = enqueue(
        work.db,
        work.now,
        NewJob(
            kind=JUDGE,
            tenant=tenant,
            body=asked.body,
            dedup=asked.dedup,
            actor=work.actor.id,
            request=work.request,
        ),
    )
    work.publish(ProgrammeSyncRequested(tenant=tenant, job=job, programme=name))
    return job


def _schedule(name: str, tenant: str) -> Schedule:
    named = f"programme:{name}:{tenant}"
    return Schedule(
        name=named,
        kind=JUDGE,
        tenant=tenant,
        every=JUDGED_EVERY,
        dedup=named,
        body={"programme": name},
    )


def _require_part(work: Work, mine: Tenants, name: str) -> None:
    if all(part != name for part, _ in store.taking_part(work.db, mine)):
        raise ProgrammeNotEnabled(f"this tenant does not take part in {name}; enable it first")


def _programme(work: Work, name: str) -> Programme:
    spec = store.spec_of(work.db, name)
    if spec is None:
        raise NoSuchProgramme(
            f"no programme {name[:80]}; packs define them: quarterdeck pack apply azure-governance"
        )
    return _read(spec)


def _requirement(programme: Programme, name: str) -> Requirement:
    found = programme.requirement(name)
    if found is None:
        raise NoSuchRequirement(f"programme {programme.name} has no requirement {name[:80]}")
    return found


def _read(spec: str) -> Programme:
    return msgspec.json.decode(spec, type=Programme)
