"""/api/v1/audit: questions to the trail, and how they did."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import Depends, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, Field

from quarterdeck.api.trail.records import RecordBody, bodies
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.work import ANY, Work, begin, read
from quarterdeck.runtime import Runtime
from quarterdeck.trail.log.model import RecordView
from quarterdeck.trail.query import service as query
from quarterdeck.trail.query.model import (
    Answer,
    Asked,
    Filter,
    Proof,
    Question,
    Spot,
    Timing,
    field_of,
)
from quarterdeck.web import ndjson
from quarterdeck.web.deps import By, InRead, Installation
from quarterdeck.web.faults import InvalidRequest
from quarterdeck.web.ndjson import Listing
from quarterdeck.web.paging import InPage, Key
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/audit", tags=["trail"])

Word = Annotated[str, Query(max_length=400)]
Found = tuple[Spot, RecordView]


class ProofOfPage(BaseModel):
    """That every proven record of a page is in the log: one proof for all of them."""

    tree_size: int
    indices: list[int] = Field(description="Of the leaves that it proves, rising.")
    proof: list[str] = Field(
        description="Base64. Walk down from the root as RFC 6962 splits a tree, left before "
        "right: a subtree with none of the leaves is not entered, its hash is the next of these."
    )
    checkpoint: str = Field(description="The signed note that the proof leads to.")

    @classmethod
    def of(cls, found: Proof) -> Self:
        return cls(
            tree_size=found.checkpoint.size,
            indices=list(found.indices),
            proof=[b64encode(part).decode() for part in found.hashes],
            checkpoint=found.checkpoint.note.decode(),
        )


class Events(BaseModel):
    """A page of what was asked for, newest first; it may be short though more follow."""

    tenant: str
    events: list[RecordBody]
    through: int = Field(description="Records of the log that the read model has seen.")
    size: int = Field(description="Records of the log.")
    proof: ProofOfPage | None = Field(None, description="With ``proof=1``.")


class TimingBody(BaseModel):
    """How questions of one shape did."""

    shape: str = Field(description="Which filters were given.")
    count: int
    last_duration_ms: float
    mean_duration_ms: float
    slowest_duration_ms: float
    slow_count: int = Field(description="Of them, slower than ``slow_query_ms``.")
    plan: list[str] = Field(description="How the database answered the slowest, in its words.")
    last_at: datetime

    @classmethod
    def of(cls, one: Timing) -> Self:
        return cls(
            shape=one.shape,
            count=one.count,
            last_duration_ms=round(one.last_ms, 3),
            mean_duration_ms=round(one.mean_ms, 3),
            slowest_duration_ms=round(one.slowest_ms, 3),
            slow_count=one.slow,
            plan=list(one.plan),
            last_at=instant(one.at),
        )


class Queries(BaseModel):
    """Since this process began, the slowest first."""

    queries: list[TimingBody]
    cache_hit_rate_percent: float = Field(description="0 to 100.")


def filter_of(  # noqa: PLR0913, PLR0917  the filters: each a part of the address
    from_: Annotated[
        AwareDatetime | None, Query(alias="from", description="Occurred then, or later.")
    ] = None,
    to: Annotated[AwareDatetime | None, Query(description="Occurred before.")] = None,
    actor: Word = "",
    action: Word = "",
    resource_type: Word = "",
    resource: Word = "",
    outcome: Annotated[str, Query(description="success, failure or denied.")] = "",
    class_: Annotated[str, Query(alias="class", description="That a field of it has.")] = "",
    correlation: Annotated[str, Query(description="Trace, request, or what caused it.")] = "",
    q: Annotated[str, Query(description="Words, all of them, of the clear payload.")] = "",
) -> Filter:
    """The records that a request asks for."""
    return Filter(
        since=None if from_ is None else micros(from_),
        until=None if to is None else micros(to),
        actor=actor,
        action=action,
        type=resource_type,
        resource=resource,
        outcome=outcome,
        cls=class_,
        correlation=correlation,
        words=q,
    )


def fields_of(
    field: Annotated[
        list[str] | None,
        Query(
            description="PATH:VALUE of a committed field, exactly so; more than one: all of them. "
            "Needs trail:disclose, and leaves a record."
        ),
    ] = None,
) -> Asked:
    """The committed fields that a request asks for."""
    return tuple(dict.fromkeys(map(field_of, field or ())))


InFilter = Annotated[Filter, Depends(filter_of)]
InFields = Annotated[Asked, Depends(fields_of)]


def open_asking(
    request: Request, runtime: Installation, actor: By, fields: InFields
) -> Iterator[Work]:
    """A look; where committed fields are asked for, one that leaves a record."""
    # Each page of a stream has a transaction of its own: see ``noting``.
    opened = begin if fields and not ndjson.asked_for(request) else read
    with opened(runtime.engine, actor, runtime.clock, request.state.request_id) as work:
        yield work


@contextmanager
def noting(runtime: Runtime, reading: Work, fields: Asked) -> Iterator[Work]:
    """``reading``; where committed fields are asked for, a transaction that leaves a record."""
    if not fields:
        yield reading
        return
    with begin(runtime.engine, reading.actor, runtime.clock, reading.request) as work:
        yield work


InAsking = Annotated[Work, Depends(open_asking, scope="function")]
Tenant = Annotated[
    str, Query(description="Whose log; else the only one that one may read, or that of one's home.")
]


@router.get(
    "/events",
    responses={
        200: {"model": Events, "content": {ndjson.MEDIA_TYPE: {}}},
        **problems(401, 403, 404, 422, 503),
    },
    **needs("trail:read"),
)
def list_events(  # noqa: PLR0913, PLR0917  the question, its page, and who asks
    request: Request,
    response: Response,
    work: InAsking,
    page: InPage,
    runtime: Installation,
    wanted: InFilter,
    fields: InFields,
    tenant: Tenant = "",
    proof: bool = False,  # noqa: FBT001, FBT002  a query parameter
) -> Any:  # noqa: ANN401  a page, or a stream of all
    """What was done, newest first by when it occurred; with ``q``, by index."""
    log = tenant_of(work, tenant)
    if fields:
        response.headers["Cache-Control"] = "no-store"

    def answer(reading: Work, after: Key | None, limit: int, *, proven: bool = False) -> Answer:
        question = Question(
            tenant=log,
            wanted=wanted,
            fields=fields,
            before=_spot(after, log),
            limit=limit,
            proof=proven,
        )
        return query.events(reading, runtime.explorer, question)

    def some(reading: Work, after: Key | None, limit: int) -> list[tuple[Spot, RecordBody]]:
        with noting(runtime, reading, fields) as asking:
            return _told(asking, log, _some(answer, asking, after, limit, log))

    if ndjson.asked_for(request):
        listing = Listing(
            rows=some,
            key=lambda found: _key(found[0], log),
            line=lambda found: found[1].model_dump_json().encode(),
        )
        return ndjson.streamed(request, listing, page.after)
    found = answer(work, page.after, page.limit, proven=proof)
    if found.last is not None:
        response.headers["Link"] = f'<{page.next(_key(found.last, log))}>; rel="next"'
    return Events(
        tenant=log,
        events=[body for _, body in _told(work, log, found.records)],
        through=found.through,
        size=found.size,
        proof=ProofOfPage.of(found.proof) if found.proof else None,
    )


@router.get("/queries", responses=problems(401, 403), **needs("metrics:read"))
def list_question_timings(work: InRead, runtime: Installation) -> Queries:
    """How questions of each shape did, with the plan of the slowest."""
    timings = query.timings(work, runtime.explorer)
    return Queries(
        queries=[TimingBody.of(one) for one in timings],
        cache_hit_rate_percent=runtime.explorer.cache.stats.hit_rate_percent,
    )


def tenant_of(work: Work, named: str) -> str:
    """Whose log is asked: the one that is named, the only one, or that of the actor's home."""
    if named:
        return named
    only = work.tenants("trail:read").ids
    if len(only) == 1 and ANY not in only:
        return next(iter(only))
    if work.actor.may("trail:read", work.actor.home):
        return work.actor.home
    raise InvalidRequest(
        "you may read more than one log: name one",
        ({"detail": "is needed", "parameter": "tenant", "location": "query"},),
    )


def _some(answer: Any, reading: Work, after: Key | None, limit: int, log: str) -> Sequence[Found]:  # noqa: ANN401
    """The next page that is not empty: of many that have the words, few may fit the rest."""
    found: Answer = answer(reading, after, limit)
    while not found.records and found.last is not None:
        found = answer(reading, _key(found.last, log), limit)
    return found.records


def _told(work: Work, log: str, found: Sequence[Found]) -> list[tuple[Spot, RecordBody]]:
    spots = [spot for spot, _ in found]
    return list(zip(spots, bodies(work, log, [view for _, view in found]), strict=True))


def _key(spot: Spot, log: str) -> Key:
    return spot.at, spot.index, log


def _spot(after: Key | None, log: str) -> Spot | None:
    if after is None:
        return None
    at, index, of = after
    if of != log:
        breach = {"detail": "not made for this log", "parameter": "cursor", "location": "query"}
        raise InvalidRequest("the cursor belongs to another log; begin again without it", (breach,))
    return Spot(int(at or 0), int(index or 0))
