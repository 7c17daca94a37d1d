"""Costs as files: FOCUS out, and in. Each public function is one use case."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date
from hashlib import sha256

from quarterdeck.access.tenants import service as tenants_of
from quarterdeck.events.governance import CostsImported
from quarterdeck.governance.cloud.ports import CostBasis
from quarterdeck.governance.costs import focus
from quarterdeck.governance.costs.calendar import Span, day_period, month_of, month_period
from quarterdeck.governance.costs.coverage import IMPORT, Scope, Tally, reaching
from quarterdeck.governance.costs.model import SERVICES, Chunk, Key, difference
from quarterdeck.governance.costs.question import Listing
from quarterdeck.governance.costs.service import ledger
from quarterdeck.governance.costs.store import queries, readings
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.errors import Conflict, Invalid
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.money import Money
from quarterdeck.kernel.work import Tenants, Work

CLOUD = "Microsoft"


class SubscriptionSynced(Conflict):
    """A connection reads that subscription: its costs come from the cloud, not from files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What a file brought.

    Attributes:
        rows: lines of the file; entries are their sums by subscription, service, group and day.
        kept: columns that are kept in the file as it came, and read by nobody here.
    """

    id: str
    rows: int
    tally: Tally
    kept: list[str]


def focus_page(
    work: Work, asked: Listing, only: Tenants | None, after: queries.Spot | None, limit: int
) -> list[focus.Row]:
    """The next rows, at most ``limit``; a line's day is never parted over two pages."""
    tenants = only or work.tenants("costs:read")
    found = queries.page(work.db, tenants, asked, after, limit + 1)
    if len(found) > limit:
        last = found[-1]
        found = [e for e in found if (e.series, e.day) != (last.series, last.day)]
    scopes = readings.scopes_of(work.db, tenants)
    accounts = {scope.id: scope.name for scope in scopes}
    providers = {scope.id: CLOUD for scope in scopes if scope.source != IMPORT}
    return list(focus.joined(found, accounts, providers, _read(work, tenants, asked.span)))


def _read(work: Work, tenants: Tenants, span: Span) -> dict[focus.Reading, date]:
    """Before which day it is known what was charged: that of the reading itself goes on."""
    first, last = (month_period(day_period(day)) for day in (span.first, span.last))
    return {
        (one.tenant, one.scope, month_of(one.first), basis): one.at.astimezone(UTC).date()
        for basis in CostBasis
        for one in readings.controls_of(work.db, tenants, first, last, basis)
        if one.cut == SERVICES
    }


def bring_in(work: Work, tenant: TenantId, content: bytes) -> Imported:
    """Bring in a file in FOCUS, as CSV. Bringing it in again changes nothing.

    The file is the whole truth about the days that it has of each subscription.

    Raises:
        UnreadableFile: which line is wrong, and why; nothing was brought in.
        SubscriptionSynced: one of its subscriptions is read from the cloud.
    """
    tenants = work.require("costs:import", tenant)
    tenants_of.require_open(work, tenant)
    try:
        file = focus.read(content.decode("utf-8-sig"))
    except UnicodeError as error:
        raise Invalid(f"the file is not UTF-8: {error}") from error
    _check(work, tenants, file)
    run = work.new_id()
    ledger.observe(work, tenant, run, IMPORT)
    for (scope, basis), charges in file.charges.items():
        _land(work, tenants, run, _chunk(tenant, scope, basis, charges), charges)
    for seen in _scopes(work, tenants, tenant, file):
        ledger.keep_scope(work, tenants, seen)
    ledger.keep_page(work, next(_chunks(tenant, file)), run, [content])
    tally = ledger.tally(work, tenants, run)
    _publish(work, tenant, run, content, tally)
    return Imported(id=run, rows=file.rows, tally=tally, kept=list(file.kept))


def _check(work: Work, tenants: Tenants, file: focus.File) -> None:
    synced = [
        scope.id
        for scope in readings.scopes_of(work.db, tenants)
        if scope.source != IMPORT and scope.id in file.names
    ]
    if synced:
        raise SubscriptionSynced(
            f"subscription {', '.join(sorted(synced)[:3])} is read from the cloud; leave it out "
            "of the file, or disconnect its directory first"
        )


def _scopes(work: Work, tenants: Tenants, tenant: TenantId, file: focus.File) -> Iterator[Scope]:
    before = {scope.id: scope.known_since for scope in ledger.scopes(work, tenants)}
    for id_, name in file.names.items():
        chunks = [chunk for chunk in _chunks(tenant, file) if chunk.scope == id_]
        days = Span(min(c.first for c in chunks), max(c.last for c in chunks))
        yield Scope(
            tenant=tenant,
            id=id_,
            name=name,
            source=IMPORT,
            read_at=work.now,
            known_since=reaching(before.get(id_), days, first=True),
        )


def _land(
    work: Work, tenants: Tenants, run: str, chunk: Chunk, charges: Mapping[Key, Money]
) -> None:
    days = {day for _, day in charges}
    held = ledger.known(work, tenants, chunk)
    known = {key: entry for key, entry in held.items() if key[1] in days}
    at = micros(work.now)
    for portion in ledger.portions(difference(known, charges, at, whole=True)):
        ledger.land(work, tenants, chunk, run, at, portion)


def _chunks(tenant: TenantId, file: focus.File) -> Iterator[Chunk]:
    for (scope, basis), charges in file.charges.items():
        yield _chunk(tenant, scope, basis, charges)


def _chunk(tenant: TenantId, scope: str, basis: CostBasis, charges: Mapping[Key, Money]) -> Chunk:
    days = [day for _, day in charges]
    return Chunk(
        tenant=tenant,
        scope=scope,
        cut=SERVICES,
        basis=basis,
        first=min(days),
        last=max(days),
    )


def _publish(work: Work, tenant: TenantId, run: str, content: bytes, tally: Tally) -> None:
    work.publish(
        CostsImported(
            tenant=tenant,
            file=run,
            sha256=sha256(content).hexdigest(),
            added=tally.added,
            restated=tally.restated,
            lost=tally.lost,
        )
    )
