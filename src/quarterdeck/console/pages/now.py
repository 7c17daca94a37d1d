"""/: is my estate known, current and provable?"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.responses import HTMLResponse

from quarterdeck.access.tenants.model import Tenant
from quarterdeck.console.activity import Activity, activity
from quarterdeck.console.frame import Frame, InFrame
from quarterdeck.console.headline import Signed, headline
from quarterdeck.console.kept import MARKS, promises
from quarterdeck.console.wanted import wanted
from quarterdeck.governance.inventory import service as inventory
from quarterdeck.governance.sync.domains import domains
from quarterdeck.governance.sync.freshness import Freshness
from quarterdeck.governance.sync.model import Policies
from quarterdeck.governance.sync.service.freshness import freshness
from quarterdeck.kernel.clock import instant
from quarterdeck.kernel.jobs import service as jobs
from quarterdeck.kernel.jobs.model import Job, JobState
from quarterdeck.trail.log import service as log
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import page_router

router = page_router()

SHOWN_ACTIVITY = 12
SHOWN_LOGS = 20
SHOWN_TYPES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One tenant in the matrix of freshness."""

    tenant: Tenant
    ages: dict[str, Freshness]
    resources: int


@router.get("/", response_class=HTMLResponse, **needs("access:ask"))
def now(frame: InFrame) -> HTMLResponse:
    """The first page: whatever of it the actor may see."""
    frame.work.tenants("access:ask")
    known = domains(frame.runtime.settings)
    tenants = tenants_of(frame)
    ages = ages_of(frame, known)
    signed = logs_of(frame)
    counts = _counts(frame)
    return frame.show(
        "now.html",
        headline=headline(tenants, ages, signed, frame.work.now),
        wanted=wanted(frame),
        promises=promises(frame),
        verdicts=MARKS,
        tenants=tenants,
        domains=list(known),
        rows=_rows(tenants, ages, counts),
        by_tenant=_by(counts, 0),
        by_type=_by(counts, 1)[:SHOWN_TYPES],
        types=len({kind for _, kind, _ in counts}),
        resources=sum(many for _, _, many in counts),
        logs=signed,
        activity=activity_of(frame, signed),
        people=frame.people(),
        jobs=jobs_of(frame),
    )


@router.get("/now/jobs", response_class=HTMLResponse, **needs("jobs:read"))
def live_jobs(frame: InFrame) -> HTMLResponse:
    """The panel of running jobs alone, for a page that watches them."""
    frame.work.tenants("jobs:read")
    return frame.show("now_jobs.html", jobs=jobs_of(frame))


def tenants_of(frame: Frame) -> list[Tenant]:
    """The open tenants that are looked at."""
    return [t for t in frame.shell.tenants if t.open and _looked_at(frame, t.id)]


def rows_of(frame: Frame, ages: Sequence[Freshness]) -> list[Row]:
    """The matrix: each tenant that is looked at, with its domains and resources."""
    return _rows(tenants_of(frame), ages, _counts(frame))


def ages_of(frame: Frame, known: Policies) -> list[Freshness]:
    """How fresh what is looked at is; nothing where that may not be seen."""
    if not frame.holds("sync:read"):
        return []
    return [age for age in freshness(frame.work, known) if _looked_at(frame, age.tenant)]


def logs_of(frame: Frame) -> list[Signed]:
    """How far each log that is looked at is signed."""
    if not frame.holds("trail:read"):
        return []
    found = [
        (one, size)
        for one, size in log.logs(frame.work, frame.runtime.reader)
        if _looked_at(frame, one.tenant)
    ]
    return [
        Signed(
            tenant=one.tenant,
            origin=one.origin,
            vkey=one.vkey,
            size=one.size,
            proven=size,
            at=_signed_at(frame, one.tenant) if size else None,
        )
        for one, size in found[:SHOWN_LOGS]
    ]


def activity_of(frame: Frame, logs: Sequence[Signed]) -> list[Activity]:
    """What was done lately, newest first, within the time range."""
    found = [
        activity(one.tenant, view)
        for one in logs
        for view in log.records(frame.work, frame.runtime.reader, one.tenant, limit=SHOWN_ACTIVITY)
    ]
    recent = [line for line in found if line.at >= frame.since]
    return sorted(recent, key=lambda line: line.at, reverse=True)[:SHOWN_ACTIVITY]


def jobs_of(frame: Frame) -> list[Job]:
    """Jobs that have not ended: those that run, then those that wait, oldest first."""
    if not frame.holds("jobs:read"):
        return []
    found = jobs.running(frame.work, frame.work.tenants("jobs:read"))
    mine = [job for job in found if _looked_at(frame, job.tenant)]
    return sorted(mine, key=lambda job: job.state is not JobState.RUNNING)


def _looked_at(frame: Frame, tenant: str) -> bool:
    return frame.shell.tenant in ("", tenant)


def _signed_at(frame: Frame, tenant: str) -> datetime:
    return instant(log.checkpoint(frame.work, frame.runtime.reader, tenant).at)


def _counts(frame: Frame) -> list[tuple[str, str, int]]:
    if not frame.holds("resources:read"):
        return []
    return [row for row in inventory.counts(frame.work) if _looked_at(frame, row[0])]


def _by(counts: Sequence[tuple[str, str, int]], column: int) -> list[tuple[str, int]]:
    sums: Counter[str] = Counter()
    for row in counts:
        sums[str(row[column])] += row[2]
    return sums.most_common()


def _rows(
    tenants: Sequence[Tenant], ages: Sequence[Freshness], counts: Sequence[tuple[str, str, int]]
) -> list[Row]:
    many = dict(_by(counts, 0))
    return [
        Row(
            tenant=tenant,
            ages={age.domain: age for age in ages if age.tenant == tenant.id},
            resources=many.get(tenant.id, 0),
        )
        for tenant in tenants
    ]
