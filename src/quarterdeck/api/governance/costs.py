"""/api/v1/costs: summaries, series and entries; every answer says its age and coverage."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Self

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, Field

from quarterdeck.api.governance.policies import InPolicies
from quarterdeck.governance.cloud.ports import CostBasis
from quarterdeck.governance.connections.service import tenants_named
from quarterdeck.governance.costs.calendar import Span, month_of
from quarterdeck.governance.costs.control import Control, Verdict
from quarterdeck.governance.costs.coverage import STALE_AFTER, Age, Coverage, Silent
from quarterdeck.governance.costs.model import Entry
from quarterdeck.governance.costs.question import Contrast, Figure, Listing, Question
from quarterdeck.governance.costs.service import summaries
from quarterdeck.governance.costs.service.summaries import READ, Summary
from quarterdeck.governance.sync.model import COSTS, Policies
from quarterdeck.kernel.money import Money
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.web import ndjson
from quarterdeck.web.deps import InRead, Installation
from quarterdeck.web.paging import InPage, Key
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/costs", tags=["costs"])

LAST_MOMENT = time(23, 59, 59, 999_999)
Word = Annotated[str, Query(max_length=400)]


class Amount(BaseModel):
    """Money: plain digits as text, and an ISO 4217 currency."""

    amount: str = Field(examples=["1204.50"])
    currency: str = Field(examples=["EUR"])

    @classmethod
    def of(cls, money: Money) -> Self:
        return cls(amount=money.text, currency=money.currency)


class Group(BaseModel):
    """One value of the dimension asked for, in one currency."""

    key: str = Field(description="Empty where the cloud named none.")
    amount: str
    currency: str
    entries: int

    @classmethod
    def of(cls, figure: Figure) -> Self:
        money = figure.amount
        return cls(
            key=figure.key, amount=money.text, currency=money.currency, entries=figure.entries
        )


class SilentBody(BaseModel):
    """A subscription whose costs are not known, or not known anew."""

    tenant: str
    subscription: str
    name: str
    reason: str

    @classmethod
    def of(cls, silent: Silent) -> Self:
        return cls(
            tenant=silent.tenant,
            subscription=silent.subscription,
            name=silent.name,
            reason=silent.reason,
        )


class CoverageBody(BaseModel):
    """How much of what exists the numbers speak of."""

    tenants: int
    tenants_known: int
    subscriptions: int
    subscriptions_known: int
    not_known: list[SilentBody]

    @classmethod
    def of(cls, found: Coverage) -> Self:
        return cls(
            tenants=found.tenants,
            tenants_known=found.tenants_known,
            subscriptions=found.subscriptions,
            subscriptions_known=found.subscriptions_known,
            not_known=[SilentBody.of(silent) for silent in found.silent],
        )


class CostFreshness(BaseModel):
    """How old the oldest part of the numbers is."""

    state: Age
    last_updated: datetime | None
    age_seconds: float | None
    stale_after_seconds: float
    action: str = Field(description="What to do about it; empty while it is current.")

    @classmethod
    def of(cls, found: Coverage, now: datetime, stale_after: timedelta) -> Self:
        age, state = found.age(now), found.state(now, stale_after)
        return cls(
            state=state,
            last_updated=found.updated_at,
            age_seconds=None if age is None else age.total_seconds(),
            stale_after_seconds=stale_after.total_seconds(),
            action="" if state is Age.CURRENT else "POST /api/v1/sync/costs",
        )


class ContrastBody(BaseModel):
    """How the sums compare with the cloud's own totals, month by month and subscription."""

    state: str = Field(description="agrees, differs or not_known: the worst of it.")
    agrees: int
    differs: int
    not_known: int

    @classmethod
    def of(cls, found: Contrast) -> Self:
        return cls(
            state=found.state,
            agrees=found.agrees,
            differs=found.differs,
            not_known=found.not_known,
        )


class CostSummary(BaseModel):
    """What was charged over some days; one total a currency, never one over two."""

    start_date: date
    end_date: date
    basis: CostBasis
    group_by: str
    as_of: datetime | None = Field(description="As it was known then; null: as it is known now.")
    totals: list[Amount]
    groups: list[Group] = Field(description="By the dimension asked for, largest first.")
    coverage: CoverageBody
    freshness: CostFreshness
    control: ContrastBody


class Point(BaseModel):
    """A day's sum of one value, in one currency."""

    date: date
    key: str
    amount: str
    currency: str

    @classmethod
    def of(cls, figure: Figure) -> Self:
        money = figure.amount
        return cls(
            date=figure.day or date.min,
            key=figure.key,
            amount=money.text,
            currency=money.currency,
        )


class Series(BaseModel):
    """Sums by day; a day that nothing is known of is left out, and is not 0."""

    start_date: date
    end_date: date
    basis: CostBasis
    group_by: str
    days: list[Point]


class EntryBody(BaseModel):
    """A charge of one day."""

    date: date
    tenant: str
    subscription: str
    service: str = Field(description="Or the value of the tag, where costs of a tag are listed.")
    resource_group: str
    basis: CostBasis
    amount: str
    currency: str
    observed_at: datetime = Field(description="When the cloud said so.")

    @classmethod
    def of(cls, entry: Entry) -> Self:
        return cls(
            date=entry.day,
            tenant=entry.tenant,
            subscription=entry.scope,
            service=entry.label,
            resource_group=entry.group,
            basis=entry.basis,
            amount=entry.amount.text,
            currency=entry.amount.currency,
            observed_at=entry.observed_at,
        )


class Entries(BaseModel):
    """A page of charges, by line and day; ``Link`` leads to the next."""

    costs: list[EntryBody]


class ControlBody(BaseModel):
    """Both numbers of one month of one subscription."""

    tenant: str
    subscription: str
    group_by: str
    basis: CostBasis
    start_date: date
    end_date: date
    currency: str
    stated: str | None = Field(description="The cloud's own, ungrouped total.")
    summed: str = Field(description="What the rows that were read add up to.")
    verdict: Verdict
    reason: str
    at: datetime

    @classmethod
    def of(cls, control: Control) -> Self:
        return cls(
            tenant=control.tenant,
            subscription=control.scope,
            group_by=control.cut,
            basis=control.basis,
            start_date=control.first,
            end_date=control.last,
            currency=control.summed.currency,
            stated=control.stated.text if control.stated else None,
            summed=control.summed.text,
            verdict=control.verdict,
            reason=control.reason,
            at=control.at,
        )


class Controls(BaseModel):
    """Control totals by month, tenant and subscription."""

    controls: list[ControlBody]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which costs: days, tenants, basis, and how they were known when."""

    span: Span
    named: Sequence[str] = ()
    basis: CostBasis = CostBasis.ACTUAL
    by: str = ""
    narrowed: dict[str, str] = field(default_factory=dict)
    as_of: datetime | None = None

    @property
    def question(self) -> Question:
        return Question(
            span=self.span,
            basis=self.basis,
            by=self.by,
            narrowed=self.narrowed,
            as_of=self.as_of,
        )

    def tenants(self, work: Work) -> Tenants | None:
        return tenants_named(work, READ, list(self.named)) if self.named else None


def named_of(
    tenant_ids: Annotated[
        list[str],
        Query(
            default_factory=list,
            description="Ids of tenants or of their directories; repeated, or parted by commas.",
        ),
    ],
) -> list[str]:
    """The tenants that an address names."""
    return [name for part in tenant_ids for name in part.split(",") if name]


def span_of(
    runtime: Installation,
    start_date: Annotated[
        date | None, Query(description="In it; default: the first of the end's month.")
    ] = None,
    end_date: Annotated[date | None, Query(description="In it; default: today, UTC.")] = None,
) -> Span:
    """The days that an address asks for: this month until today, unless it says others."""
    last = end_date or max(runtime.clock().date(), start_date or date.min)
    return Span(start_date or month_of(last), last)


def narrowed_of(
    subscription: Annotated[Word, Query(description="Only this one.")] = "",
    service: Annotated[Word, Query(description="Only this one.")] = "",
    resource_group: Annotated[Word, Query(description="Only this one.")] = "",
    tag: Annotated[
        Word, Query(description="Only name=value, of a tag that costs are kept by.")
    ] = "",
) -> dict[str, str]:
    """What an address narrows costs to, by dimension."""
    name, _, value = tag.partition("=")
    found = {
        "subscription": subscription.casefold(),
        "service": service,
        "group": resource_group.casefold(),
        f"tag:{name}": value,
    }
    return {dimension: wanted for dimension, wanted in found.items() if wanted}


InSpan = Annotated[Span, Depends(span_of)]
InNamed = Annotated[list[str], Depends(named_of)]
InNarrowed = Annotated[dict[str, str], Depends(narrowed_of)]


def asked_of(
    span: InSpan,
    named: InNamed,
    narrowed: InNarrowed,
    basis: CostBasis = CostBasis.ACTUAL,
    group_by: Annotated[
        Word,
        Query(
            description="tenant, subscription, service, group, day, month or tag:NAME.",
            examples=["service"],
        ),
    ] = "",
    as_of: Annotated[
        date | None, Query(description="As it was known at the end of this day, UTC.")
    ] = None,
) -> Asked:
    """What an address asks of the costs."""
    return Asked(
        span=span,
        named=named,
        basis=basis,
        by="group" if group_by == "resource_group" else group_by,
        narrowed=narrowed,
        as_of=None if as_of is None else end_of(as_of),
    )


InAsked = Annotated[Asked, Depends(asked_of)]


def end_of(day: date) -> datetime:
    """The last microsecond of a day, UTC."""
    return datetime.combine(day, LAST_MOMENT, UTC)


@router.get("/summary", responses=problems(401, 403, 404, 422), **needs(READ))
def get_cost_summary(
    request: Request, work: InRead, known: InPolicies, asked: InAsked
) -> CostSummary:
    """Totals over some days and their parts, with age, coverage and control totals."""
    found = summaries.summary(work, asked.question, asked.tenants(work), request.app.state.cache)
    return _summary(found, work.now, stale_after(known))


@router.get("/daily", responses=problems(401, 403, 404, 422), **needs(READ))
def get_daily_costs(request: Request, work: InRead, asked: InAsked) -> Series:
    """Sums by day, each in its currency."""
    found = summaries.daily(work, asked.question, asked.tenants(work), request.app.state.cache)
    return Series(
        start_date=asked.span.first,
        end_date=asked.span.last,
        basis=asked.basis,
        group_by=asked.by,
        days=[Point.of(figure) for figure in found],
    )


@router.get("/controls", responses=problems(401, 403, 404, 422), **needs(READ))
def list_cost_controls(work: InRead, asked: InAsked) -> Controls:
    """Sums beside the cloud's own totals: where they differ, both numbers stand here."""
    found = summaries.controls(work, asked.span, asked.basis, asked.tenants(work))
    return Controls(controls=[ControlBody.of(control) for control in found])


@router.get(
    "",
    responses={
        200: {"model": Entries, "content": {ndjson.MEDIA_TYPE: {}}},
        **problems(401, 403, 404, 422),
    },
    **needs(READ),
)
def list_costs(
    request: Request, response: Response, work: InRead, page: InPage, asked: InAsked
) -> Any:  # noqa: ANN401  a page, or a stream of all
    """Charges by line and day, newest observation of each; all at once as NDJSON."""
    only, listing = asked.tenants(work), listing_of(asked)
    if ndjson.asked_for(request):

        def rows(work: Work, last: Key | None, limit: int) -> list[Entry]:
            return summaries.page(work, listing, only, spot_of(last), limit)

        whole = ndjson.Listing(rows=rows, key=lambda entry: entry.spot, line=_line)
        return ndjson.streamed(request, whole, page.after)
    found = summaries.page(work, listing, only, spot_of(page.after), page.fetch)
    return Entries(
        costs=[EntryBody.of(e) for e in page.turn(response, found, lambda entry: entry.spot)]
    )


def listing_of(asked: Asked) -> Listing:
    """The entries behind what an address asks for."""
    question = asked.question
    narrowed = asked.narrowed
    return Listing(
        span=asked.span,
        cut=question.cut,
        basis=asked.basis,
        subscription=narrowed.get("subscription", ""),
        label=narrowed.get(question.cut, ""),
        group=narrowed.get("group", ""),
        as_of=asked.as_of,
    )


def spot_of(key: Key | None) -> tuple[int, int, str] | None:
    """The spot in a page's cursor."""
    if key is None:
        return None
    number, day, basis = key
    return int(number or 0), int(day or 0), str(basis)


def stale_after(known: Policies) -> timedelta:
    """From what age on costs are stale, in this installation."""
    return known[COSTS].stale_after if COSTS in known else STALE_AFTER


def _summary(found: Summary, now: datetime, stale: timedelta) -> CostSummary:
    return CostSummary(
        start_date=found.asked.span.first,
        end_date=found.asked.span.last,
        basis=found.asked.basis,
        group_by=found.asked.by,
        as_of=found.asked.as_of,
        totals=[Amount.of(money) for money in found.totals],
        groups=[Group.of(figure) for figure in found.figures] if found.asked.by else [],
        coverage=CoverageBody.of(found.coverage),
        freshness=CostFreshness.of(found.coverage, now, stale),
        control=ContrastBody.of(found.contrast),
    )


def _line(entry: Entry) -> bytes:
    return EntryBody.of(entry).model_dump_json().encode()
