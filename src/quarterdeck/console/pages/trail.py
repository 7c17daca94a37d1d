"""/trail: what was done, and the proof that it stands in the log."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends, Path, Query
from starlette.responses import HTMLResponse

from quarterdeck.console.activity import Activity, activity
from quarterdeck.console.frame import Frame, InFrame, changing
from quarterdeck.console.headline import Signed
from quarterdeck.console.pages.now import logs_of
from quarterdeck.console.path import drawing
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.work import Work
from quarterdeck.trail.freeze import service as freezes
from quarterdeck.trail.freeze.model import Quarantine
from quarterdeck.trail.log import service as log
from quarterdeck.trail.log.model import MAX_INDEX, Inclusion, RecordView
from quarterdeck.trail.log.record import Class
from quarterdeck.trail.query import service as query
from quarterdeck.trail.query.model import CLASSES, OUTCOMES, Asked, Filter, Question, Spot, field_of
from quarterdeck.web.paging import InPage, Key, Page
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import page_router

router = page_router()

READS = needs("trail:read")
MAX_WORD = 400
Word = Annotated[str, Query(max_length=MAX_WORD)]
Index = Annotated[int, Path(ge=0, le=MAX_INDEX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A page of the explorer.

    Attributes:
        last: where it ends, if more follows.
        behind: records that are too new to be found by a filter.
    """

    views: Sequence[RecordView] = ()
    last: Key = ()
    behind: int = 0


def filter_of(  # noqa: PLR0913, PLR0917  the filter bar: each a part of the address
    actor: Word = "",
    action: Word = "",
    type_: Annotated[str, Query(alias="type", max_length=MAX_WORD)] = "",
    resource: Word = "",
    outcome: Word = "",
    class_: Annotated[str, Query(alias="class", max_length=MAX_WORD)] = "",
    correlation: Word = "",
    q: Word = "",
) -> Filter:
    """What the filter bar asks for; empty fields of its form are no part of it."""
    return Filter(
        actor=actor.strip(),
        action=action.strip(),
        type=type_.strip(),
        resource=resource.strip(),
        outcome=outcome,
        cls=class_,
        correlation=correlation.strip(),
        words=q.strip(),
    )


def asked_fields(field: Annotated[str, Query(max_length=2 * MAX_WORD)] = "") -> Asked:
    """The committed field that it asks for."""
    return (field_of(field.strip()),) if field.strip() else ()


@router.get("/trail", response_class=HTMLResponse, **READS)
def explorer(
    frame: InFrame,
    page: InPage,
    wanted: Annotated[Filter, Depends(filter_of)],
    fields: Annotated[Asked, Depends(asked_fields)],
    log_of: str = "",
) -> HTMLResponse:
    """The records of one log, newest first: all, what one actor did, what befell one thing."""
    frame.work.tenants("trail:read")
    logs = logs_of(frame)
    chosen = _chosen(logs, log_of or frame.shell.tenant)
    timed = _within(frame, wanted)
    question = None if chosen is None else _question(chosen.tenant, timed, fields, page)
    found = Shown() if question is None else _shown(frame, question, page)
    return _still(frame, fields).show(
        "trail.html",
        logs=logs,
        chosen=chosen,
        wanted=wanted,
        fields=fields,
        filtered=bool(fields) or not timed.empty,
        outcomes=sorted(OUTCOMES),
        classes=sorted(CLASSES),
        search=frame.runtime.explorer.search,
        by_field=frame.runtime.explorer.by_field
        and chosen is not None
        and frame.allows("trail:disclose", chosen.tenant),
        lines=_lines(frame, chosen.tenant, found.views) if chosen else [],
        people=frame.people(),
        first=page.after is None,
        following=page.next(found.last) if found.last else "",
        behind=found.behind,
    )


@router.get("/trail/{tenant}/{index}", response_class=HTMLResponse, **READS)
def record_page(frame: InFrame, tenant: str, index: Index) -> HTMLResponse:
    """One record, and the path from its leaf to the signed root."""
    view = log.record(frame.work, frame.runtime.reader, tenant, index)
    proof = (
        log.prove_inclusion(frame.work, frame.runtime.reader, tenant, index)
        if view.proven
        else None
    )
    one = next(one for one, _ in log.logs(frame.work, frame.runtime.reader) if one.tenant == tenant)
    return frame.show(
        "record.html",
        tenant=tenant,
        log=one,
        view=view,
        line=activity(tenant, view),
        fields=fields_of(view),
        doubted=_doubted(frame, tenant, [view])[index],
        people=frame.people(),
        proof=proof,
        drawn=_drawn(proof),
        siblings=[digest.hex() for digest in proof.proof] if proof else [],
        earlier=index - 1 if index else None,
        later=index + 1 if index + 1 < one.size else None,
    )


def fields_of(view: RecordView) -> list[tuple[str, str, str]]:
    """Path, class and treatment of each field that has a class, in the order of their paths."""
    classes: dict[str, str] = view.record["classification"]
    return [(path, cls, _treatment(view, path, cls)) for path, cls in sorted(classes.items())]


def _treatment(view: RecordView, path: str, cls: str) -> str:
    if path not in view.hidden:
        return "shown"
    return "committed" if cls != Class.PUBLIC else "hidden"


def _lines(frame: Frame, tenant: str, views: Sequence[RecordView]) -> list[Activity]:
    doubted = _doubted(frame, tenant, views)
    return [activity(tenant, view, quarantined=bool(doubted[view.index])) for view in views]


def _doubted(frame: Frame, tenant: str, views: Sequence[RecordView]) -> dict[int, list[Quarantine]]:
    """By index, the quarantines that a record is in."""
    found = freezes.in_doubt(frame.work, tenant)
    return {
        view.index: [one for one in found if one.overlaps(view.index, view.index + 1)]
        for view in views
    }


def _chosen(logs: Sequence[Signed], wanted: str) -> Signed | None:
    return next((one for one in logs if one.tenant == wanted), logs[0] if logs else None)


def _within(frame: Frame, wanted: Filter) -> Filter:
    """``wanted`` within the time range, where the address names one."""
    if "range" not in frame.request.query_params:
        return wanted
    return replace(wanted, since=micros(frame.since))


def _question(tenant: str, wanted: Filter, fields: Asked, page: Page) -> Question:
    before = Spot(*(int(part or 0) for part in page.after)) if page.after else None
    return Question(tenant=tenant, wanted=wanted, fields=fields, before=before, limit=page.limit)


def _shown(frame: Frame, question: Question, page: Page) -> Shown:
    # Without a filter the log itself is shown: it knows what the read model has yet to see.
    if question.wanted.empty and not question.fields:
        return _newest(frame, question.tenant, page)
    with _asking(frame, question.fields) as work:
        found = query.events(work, frame.runtime.explorer, question)
    return Shown(
        views=[view for _, view in found.records],
        last=(found.last.at, found.last.index) if found.last else (),
        behind=found.size - found.through,
    )


def _still(frame: Frame, fields: Asked) -> Frame:
    """The frame; without its stream where each look leaves a record, which would be a fact."""
    return replace(frame, shell=replace(frame.shell, stream="")) if fields else frame


def _asking(frame: Frame, fields: Asked) -> AbstractContextManager[Work]:
    """What the question is asked in: where it is about committed fields, it leaves a record."""
    if fields:
        return changing(frame.request, frame.work.actor)
    return nullcontext(frame.work)


def _newest(frame: Frame, tenant: str, page: Page) -> Shown:
    before = None if page.after is None else int(page.after[-1] or 0)
    found = log.records(frame.work, frame.runtime.reader, tenant, before, page.fetch)
    shown = found[: page.limit]
    more = len(found) > page.limit
    return Shown(views=shown, last=(0, shown[-1].index) if more else ())


def _drawn(proof: Inclusion | None) -> object:
    if proof is None:
        return None
    return drawing(proof.index, proof.checkpoint.size, proof.leaf_hash, proof.proof)
