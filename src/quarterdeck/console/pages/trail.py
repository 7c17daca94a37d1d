"""/trail: what was done, and the proof that it stands in the log."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import HTMLResponse

from quarterdeck.console.activity import activity
from quarterdeck.console.frame import InFrame
from quarterdeck.console.headline import Signed
from quarterdeck.console.pages.now import logs_of
from quarterdeck.console.path import drawing
from quarterdeck.trail.log import service as log
from quarterdeck.trail.log.model import MAX_INDEX, Inclusion, RecordView
from quarterdeck.web.paging import InPage, Key
from quarterdeck.web.permissions import needs

router = APIRouter(include_in_schema=False)

READS = needs("trail:read")
Index = Annotated[int, Path(ge=0, le=MAX_INDEX)]


@router.get("/trail", response_class=HTMLResponse, **READS)
def explorer(frame: InFrame, page: InPage, log_of: str = "") -> HTMLResponse:
    """The records of one log, newest first."""
    frame.work.tenants("trail:read")
    logs = logs_of(frame)
    chosen = _chosen(logs, log_of or frame.shell.tenant)
    found: Sequence[RecordView] = ()
    if chosen is not None:
        found = log.records(frame.work, chosen.tenant, _before(page.after), page.fetch)
    shown = found[: page.limit]
    more = len(found) > page.limit
    return frame.show(
        "trail.html",
        logs=logs,
        chosen=chosen,
        lines=[activity(view.record["tenant"], view) for view in shown],
        people=frame.people(),
        first=page.after is None,
        following=page.next((shown[-1].index,)) if more else "",
    )


@router.get("/trail/{tenant}/{index}", response_class=HTMLResponse, **READS)
def record_page(frame: InFrame, tenant: str, index: Index) -> HTMLResponse:
    """One record, and the path from its leaf to the signed root."""
    view = log.record(frame.work, tenant, index)
    proof = log.prove_inclusion(frame.work, tenant, index) if view.proven else None
    one = next(one for one, _ in log.logs(frame.work) if one.tenant == tenant)
    return frame.show(
        "record.html",
        tenant=tenant,
        log=one,
        view=view,
        line=activity(tenant, view),
        people=frame.people(),
        proof=proof,
        drawn=_drawn(proof),
        siblings=[digest.hex() for digest in proof.proof] if proof else [],
        earlier=index - 1 if index else None,
        later=index + 1 if index + 1 < one.size else None,
    )


def _chosen(logs: Sequence[Signed], wanted: str) -> Signed | None:
    return next((one for one in logs if one.tenant == wanted), logs[0] if logs else None)


def _before(after: Key | None) -> int | None:
    return None if after is None else int(after[0] or 0)


def _drawn(proof: Inclusion | None) -> object:
    if proof is None:
        return None
    return drawing(proof.index, proof.checkpoint.size, proof.leaf_hash, proof.proof)
