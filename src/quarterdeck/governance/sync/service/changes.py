"""What a run changed, whatever its domain: a run writes the changes of one domain alone."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from quarterdeck.governance.compliance.service import landing as compliance
from quarterdeck.governance.costs.service import ledger as costs
from quarterdeck.governance.identity import service as identity
from quarterdeck.governance.inventory import service as inventory
from quarterdeck.kernel.work import Tenants, Work


class Change(Protocol):
    """One change of a run; ``leaf`` is how its Merkle tree has it."""

    @property
    def number(self) -> int: ...
    @property
    def what(self) -> StrEnum: ...
    @property
    def cloud_id(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def before(self) -> str: ...
    @property
    def after(self) -> str: ...
    @property
    def leaf(self) -> bytes: ...


Read = Callable[[Work, Tenants, str, int], Sequence[Change]]

READS: Sequence[Read] = (
    inventory.changes,
    compliance.changes,
    identity.changes,
    costs.changes,
)


def changes(work: Work, tenants: Tenants, run: str, after: int = -1) -> Sequence[Change]:
    """The next changes of a run after number ``after``, in order; empty past the last."""
    for read in READS:
        if page := read(work, tenants, run, after):
            return page
    return []


def leaves(work: Work, tenants: Tenants, run: str) -> Iterator[bytes]:
    """The leaves of all that a run changed, in order."""
    after = -1
    for read in READS[:-1]:
        while page := read(work, tenants, run, after):
            yield from (change.leaf for change in page)
            after = page[-1].number
    # By pages, each would look through all that were before it.
    yield from (change.leaf for change in costs.all_changes(work, tenants, run))


def tally(work: Work, tenants: Tenants, run: str) -> dict[str, int]:
    """How many changes of each kind a run made: added, changed, removed, restored."""
    made: dict[str, int] = {}
    ledger = costs.tally(work, tenants, run)
    counted = {"added": ledger.added, "changed": ledger.restated, "removed": ledger.lost}
    made |= {what: many for what, many in counted.items() if many}
    for read in (inventory.tally, compliance.tally):
        made |= {what.value: many for what, many in read(work, tenants, run).items()}
    return made | {w.value: many for w, many in identity.tally(work, tenants, run).items()}
