"""How what was read reaches the ledger: for runs and imports, whose right was checked before."""

import hashlib
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from quarterdeck.governance.costs.budgets import spending
from quarterdeck.governance.costs.calendar import Span, day_period, month_period
from quarterdeck.governance.costs.control import Control
from quarterdeck.governance.costs.coverage import Budget, Scope, Tally
from quarterdeck.governance.costs.exceeding import budget_facts
from quarterdeck.governance.costs.leaves import Leaf
from quarterdeck.governance.costs.model import Change, Chunk, Held, Key, What
from quarterdeck.governance.costs.store import changes as leaves
from quarterdeck.governance.costs.store import landing, readings, rollups
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.work import Tenants, Work

RUN_PAGE = 1000
PORTION = 300
"""Changes of one transaction: each writes its entry and what it was, and moves sums, so
that no transaction writes more than about 1,500 rows."""


def observe(work: Work, tenant: TenantId, run: str, source: str) -> None:
    """Say that a run looks at a tenant's costs now; saying it again does nothing."""
    row = {"run": run, "tenant": tenant, "source": source, "observed_at": micros(work.now)}
    readings.observe(work.db, row)


def known(work: Work, tenants: Tenants, chunk: Chunk) -> dict[Key, Held]:
    """The current entries of a chunk."""
    return landing.known(work.db, tenants, chunk)


def portions(changes: Iterable[Change]) -> Iterator[list[Change]]:
    """Changes as they are written, a transaction each."""
    portion: list[Change] = []
    for change in changes:
        portion.append(change)
        if len(portion) == PORTION:
            yield portion
            portion = []
    if portion:
        yield portion


def land(
    work: Work, tenants: Tenants, chunk: Chunk, run: str, at: int, changes: Sequence[Change]
) -> None:
    """Write what changed, observed ``at`` (microseconds), and move the sums with it.

    ``changes`` come from what ``known`` said in a transaction that nobody wrote after: one
    run at a time reads a connection. Those that another run overtook are left out.
    """
    still = _still(work, tenants, chunk, changes)
    fresh = (change.line for change in still if change.before is None)
    numbers = landing.numbered(work.db, tenants, chunk, fresh)
    placed = [(_number(change, numbers.get(change.line)), change) for change in still]
    if placed:
        landing.write(work.db, chunk, at, placed)
        rollups.move(work.db, tenants, chunk, at, rollups.deltas(chunk, still))
    readings.count(work.db, tenants, run, _tally(still))


def tally(work: Work, tenants: Tenants, run: str) -> Tally:
    """How many entries a run changed."""
    return readings.tally(work.db, tenants, run)


def changes(work: Work, tenants: Tenants, run: str, after: int = -1) -> list[Leaf]:
    """The next ``RUN_PAGE`` changes of a run behind number ``after``, in order."""
    return list(leaves.of_run(work.db, tenants, run, after, RUN_PAGE))


def all_changes(work: Work, tenants: Tenants, run: str) -> Iterator[Leaf]:
    """Every change of a run in order, one after another."""
    return leaves.of_run(work.db, tenants, run, -1, None)


def keep_controls(work: Work, tenants: Tenants, chunk: Chunk, found: Sequence[Control]) -> None:
    """Keep how a chunk compares with the cloud's own totals, in place of what stood there."""
    readings.put_controls(work.db, tenants, chunk, found)


def keep_page(work: Work, chunk: Chunk, run: str, items: Sequence[bytes]) -> None:
    """Keep an answer as it came: digits beyond a nano, and what nobody here knows, stand there."""
    body = b"\n".join(items)
    readings.keep_page(
        work.db,
        {
            "tenant": chunk.tenant,
            "id": hashlib.sha256(f"{chunk.scope}\n{chunk.basis}\n".encode() + body).hexdigest(),
            "run": run,
            "scope": chunk.scope,
            "at": micros(work.now),
            "body": zlib.compress(body),
        },
    )


def scopes(work: Work, tenants: Tenants) -> list[Scope]:
    """Every subscription whose costs were asked for."""
    return readings.scopes_of(work.db, tenants)


def untold(work: Work, tenants: Tenants, span: Span, cut: str) -> dict[str, set[int]]:
    """By subscription, months (YYYYMM) of ``span`` that were charged for, and not read by a tag."""
    first, last = (month_period(day_period(day)) for day in (span.first, span.last))
    found: dict[str, set[int]] = {}
    for _, scope, month, _ in readings.untold(work.db, tenants, first, last, cut):
        found.setdefault(scope, set()).add(month)
    return found


def keep_scope(work: Work, tenants: Tenants, scope: Scope) -> None:
    """Keep what is known of a subscription."""
    readings.put_scope(work.db, tenants, scope)


def part(work: Work, tenants: Tenants, source: str, there: Sequence[str]) -> None:
    """Mark the subscriptions that ``source`` lists no more; what they cost stays.

    Their budgets go with them: of what is there no more, nobody is warned.
    """
    for tenant, scope in readings.part(work.db, tenants, source, there, micros(work.now)):
        keep_budgets(work, tenants, tenant, scope, [])


def drop_budgets(work: Work, tenants: Tenants, source: str) -> None:
    """End the budgets of what ``source`` reads, for who reads it no more; what it cost stays."""
    for scope in readings.scopes_of(work.db, tenants):
        if scope.source == source:
            keep_budgets(work, tenants, scope.tenant, scope.id, [])


def keep_budgets(
    work: Work, tenants: Tenants, tenant: TenantId, scope: str, found: Sequence[Budget]
) -> None:
    """Replace what the cloud says of a subscription's budgets, and tell of those exceeded."""
    before = readings.budgets_at(work.db, tenants, tenant, scope)
    for told in budget_facts(map(spending, before), map(spending, found)):
        work.publish(told)
    rows = [
        {
            "tenant": budget.tenant,
            "id": budget.id,
            "scope": budget.scope,
            "name": budget.name,
            "read_at": micros(budget.read_at),
            "body": budget.body,
        }
        for budget in found
    ]
    readings.put_budgets(work.db, tenants, tenant, scope, rows)


def _still(work: Work, tenants: Tenants, chunk: Chunk, changes: Sequence[Change]) -> list[Change]:
    now: dict[Key, Held] = {}
    for day in {change.day for change in changes}:
        now |= landing.known_on(work.db, tenants, chunk, day)
    return [change for change in changes if now.get((change.line, change.day)) == change.before]


def _number(change: Change, given: int | None) -> int:
    if given is not None:
        return given
    if change.before is None:
        raise KeyError(change.line)
    return change.before.series


def _tally(changes: Sequence[Change]) -> Tally:
    made = Counter(change.what for change in changes)
    return Tally(added=made[What.ADDED], restated=made[What.RESTATED], lost=made[What.LOST])
