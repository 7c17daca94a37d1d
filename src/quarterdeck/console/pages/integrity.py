"""/trail/integrity: how far each log was checked, what was found, and what is frozen meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated

from fastapi import Form, Request
from starlette.responses import HTMLResponse, RedirectResponse

from quarterdeck.console.frame import Frame, InFrame, changing, see
from quarterdeck.console.headline import Signed
from quarterdeck.console.pages.now import logs_of
from quarterdeck.kernel.clock import instant
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import read
from quarterdeck.trail.freeze import service as freezes
from quarterdeck.trail.freeze.model import BY_HAND, Investigation, Outcome, Suspicion
from quarterdeck.trail.integrity import scope as scopes
from quarterdeck.trail.integrity.storage import projected
from quarterdeck.trail.integrity.storage.scans import Watched
from quarterdeck.trail.integrity.watch import watched
from quarterdeck.trail.retention.service import watching
from quarterdeck.trail.segments import service as segments
from quarterdeck.trail.witnesses import service as witnesses
from quarterdeck.trail.witnesses.service import Cosigned
from quarterdeck.web.deps import By, Installation, InWork
from quarterdeck.web.paging import InPage
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import page_router

router = page_router()

VERIFIES, INVESTIGATES = needs("trail:verify"), needs("integrity:investigate")
RELEASES = needs("holds:release")
HERE = "/trail/integrity"
LATE = timedelta(minutes=10)
"""Ten beats of the watch: a check older than this is stale."""

LOOKED_INTO = {
    Suspicion.TAMPERING: "Tampering is looked into",
    Suspicion.DATA_LOSS: "Data may be lost",
    Suspicion.COMPLIANCE: "Records stand against policy",
    Suspicion.OVERDUE: "Records stand longer than policy says",
}
REFUSED = {
    Suspicion.TAMPERING: "Purge and export are refused; ingest goes on",
    Suspicion.DATA_LOSS: "Purge, export and ingest are refused",
    Suspicion.COMPLIANCE: "Purge and export are refused; ingest goes on",
    Suspicion.OVERDUE: "Export is refused; purge is not, for it mends this; ingest goes on",
}

Said = Annotated[str, Form(max_length=400)]
Why = Annotated[str, Form(max_length=4000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A log as far as it was checked.

    Attributes:
        watch: None where the watch never looked.
        witnesses: who cosigned it, the newest first.
        open: investigations that concern it.
    """

    log: Signed
    watch: Watched | None
    witnesses: Sequence[Cosigned]
    open: Sequence[Investigation]

    @property
    def checked_at(self) -> datetime | None:
        """When the watch looked last."""
        return instant(self.watch.at) if self.watch else None

    def state(self, now: datetime) -> str:
        """The mark: what is known of it, and whether that is still so."""
        if self.open:
            return "critical"
        if self.checked_at is None:
            return "unknown"
        return "stale" if now - self.checked_at > LATE else "ok"


@router.get(HERE, response_class=HTMLResponse, **VERIFIES)
def integrity_page(frame: InFrame) -> HTMLResponse:
    """Every log that is looked at, and every investigation."""
    found = freezes.investigations(frame.work)
    return frame.show(
        "integrity.html",
        logs=_checked(frame, found),
        open=[one for one in found if one.open],
        closed=[one for one in found if not one.open],
        ranges=freezes.ranges(frame.work),
        moment=instant,
        platform=PLATFORM,
        outcomes=list(Outcome),
        suspicions=list(BY_HAND),
        looked_into=LOOKED_INTO,
        refused=REFUSED,
        promised=watching.standing(frame.work),
        late=LATE,
        people=frame.people(),
    )


@router.get(HERE + "/{tenant}", response_class=HTMLResponse, **VERIFIES)
def integrity_log(frame: InFrame, page: InPage, tenant: str) -> HTMLResponse:
    """One log: its checkpoint, its witnesses, and the three results of each sealed segment."""
    before = int(page.after[0] or 0) if page.after else None
    rows = segments.segments(frame.work, tenant, before, page.fetch)
    shown = rows[: page.limit]
    more = len(rows) > page.limit
    found = freezes.investigations(frame.work)
    one = next((one for one in _checked(frame, found) if one.log.tenant == tenant), None)
    store = frame.runtime.worm
    return frame.show(
        "integrity_log.html",
        tenant=tenant,
        one=one,
        segments=shown,
        verdicts=segments.verdicts(frame.work, tenant, [s.manifest.number for s in shown]),
        store=store.label if store else "",
        moment=instant,
        following=page.next((shown[-1].manifest.number,)) if more else "",
    )


@router.get(HERE + "/{tenant}/scope", response_class=HTMLResponse, **VERIFIES)
def loss_scope(frame: InFrame, tenant: str) -> HTMLResponse:
    """What the log, the segment store and the projections have, compared. Reads everything."""
    runtime = frame.runtime
    listed = partial(projected.listed, runtime.explorer.read)
    among = scopes.Places(
        reader=runtime.reader, store=runtime.worm, listed=listed, removal=runtime.removal
    )
    found = scopes.scope(frame.work, among, tenant)
    return frame.show("integrity_scope.html", tenant=tenant, scope=found, moment=instant)


@router.post(HERE + "/segments/{segment}/check", **VERIFIES)
def check_segment(
    request: Request, runtime: Installation, actor: By, segment: str
) -> RedirectResponse:
    """Check a segment now, and keep what was found."""
    ground = segments.Ground(reader=runtime.reader, store=runtime.worm, keys=runtime.keys)
    # It reads for a second or more: others write meanwhile.
    with read(runtime.engine, actor, runtime.clock, request.state.request_id) as work:
        verdict, _ = segments.verify_segment(work, ground, segment)
    with changing(request, actor) as work:
        tenant = segments.keep_verdict(work, verdict)
    return see(f"{HERE}/{tenant}#{segment}")


@router.post(HERE + "/freeze", **INVESTIGATES)
def freeze(
    work: InWork,
    runtime: Installation,
    reason: Why,
    tenant: Said = "",
    suspicion: Annotated[Suspicion, Form()] = Suspicion.TAMPERING,
) -> RedirectResponse:
    """Refuse purge and export until the investigation ends."""
    whose = tenant.strip() or PLATFORM
    freezes.freeze(work, reason, whose, suspicion, runtime.reader.sizes())
    return see(HERE)


@router.post(HERE + "/investigations/{investigation}/end", **INVESTIGATES)
def unfreeze(
    work: InWork,
    runtime: Installation,
    investigation: str,
    outcome: Said = "",
    root_cause: Why = "",
) -> RedirectResponse:
    """End an investigation with its outcome and its root cause."""
    found = freezes.open_investigation(work, investigation)
    freezes.unfreeze(work, outcome, root_cause, found.id, runtime.reader.sizes())
    return see(HERE)


@router.post(HERE + "/investigations/{investigation}/release", **RELEASES)
def release_evidence(work: InWork, investigation: str) -> RedirectResponse:
    """Let what a confirmed investigation holds be purged again."""
    freezes.release_evidence(work, investigation)
    return see(HERE)


def _checked(frame: Frame, found: Sequence[Investigation]) -> list[Checked]:
    seen = {one.log: one for one in watched(frame.work)}
    return [
        Checked(
            log=log,
            watch=seen.get(log.tenant),
            witnesses=witnesses.cosigners(frame.work, log.tenant),
            open=[one for one in found if one.open and one.concerns(log.tenant)],
        )
        for log in logs_of(frame)
    ]
