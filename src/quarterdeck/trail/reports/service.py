"""What auditors ask of a trail. Each public function is one use case; all but reads whole logs.

Where the actor may not see what a section is made of, it says that it is not known, and why.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from quarterdeck.kernel.errors import Forbidden
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Work
from quarterdeck.trail.freeze import service as freezes
from quarterdeck.trail.holds import service as holds
from quarterdeck.trail.integrity.watch import watched
from quarterdeck.trail.log.model import Leaf
from quarterdeck.trail.log.ports import Reader, Removal
from quarterdeck.trail.log.record import RecordUnreadable
from quarterdeck.trail.projections.model import Seen, seen
from quarterdeck.trail.proof.tree import leaf_hash
from quarterdeck.trail.reports.model import Period, sections_of
from quarterdeck.trail.retention.service import reports as kept
from quarterdeck.trail.retention.service.planning import Ground as Kept

Section = dict[str, Any]
PAGE, MOST = 512, 1000
READS = "trail:read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What reports are made of.

    Attributes:
        region: where this installation stores; empty: its settings do not say.
    """

    reader: Reader
    removal: Removal
    region: str = ""

    @property
    def kept(self) -> Kept:
        return Kept(reader=self.reader, removal=self.removal)


def compliance(
    work: Work, ground: Ground, tenant: str, period: Period, framework: str = ""
) -> dict[str, Section]:
    """The sections that a framework asks for (empty: all) on a tenant's trail."""
    work.require(READS, tenant)
    return {
        name: _known(lambda make=SECTIONS[name]: make(work, ground, tenant, period))  # type: ignore[misc]
        for name in sections_of(framework)
    }


def review(
    work: Work, ground: Ground, tenant: str, period: Period, actor: str = ""
) -> dict[str, Section]:
    """What an actor (empty: everybody) did in a window, and whether the log is whole.

    After a breach (runbook 004, topic 34).
    """
    work.require(READS, tenant)
    found = [one for one in _in(ground.reader, tenant, period) if not actor or one.actor == actor]
    return {
        "actions": _counted(found),
        "records": {"count": len(found), "indices": [one.index for one in found[:MOST]]},
        "integrity": _known(lambda: _integrity(work, ground, tenant, period)),
    }


def _known(make: Callable[[], Section]) -> Section:
    try:
        return {"known": True, **make()}
    except Forbidden as refused:
        return {"known": False, "reason": str(refused)}


def _retention(work: Work, ground: Ground, tenant: str, _period: Period) -> Section:
    return asdict(kept.validate(work, ground.kept, tenant))


def _residency(work: Work, ground: Ground, tenant: str, _period: Period) -> Section:
    return asdict(kept.residency(work, ground.kept, tenant, ground.region))


def _holds(work: Work, _ground: Ground, tenant: str, _period: Period) -> Section:
    work.require("holds:read", tenant)
    found = [one for one in holds.holds(work) if one.tenant == tenant]
    return {"holds": [asdict(one) for one in found]}


def _integrity(work: Work, ground: Ground, tenant: str, _period: Period) -> Section:
    work.require("trail:verify", tenant)
    size = ground.reader.size(tenant)
    differs = [
        leaf.index
        for leaf in _leaves(ground.reader, tenant)
        if leaf.entry and leaf_hash(leaf.entry) != leaf.hash
    ]
    concerning = (tenant, PLATFORM)
    standing = [one for one in freezes.investigations(work) if one.tenant in concerning]
    return {
        "size": size,
        "checked": size,
        "failures": len(differs),
        "differs": differs[:MOST],
        "checks": [asdict(one) | {"root": ""} for one in watched(work) if one.log == tenant],
        "investigations": [asdict(one) for one in standing],
    }


def _access(_work: Work, ground: Ground, tenant: str, period: Period) -> Section:
    return _counted(_in(ground.reader, tenant, period))


SECTIONS: Mapping[str, Callable[[Work, Ground, str, Period], Section]] = {
    "retention": _retention,
    "residency": _residency,
    "holds": _holds,
    "integrity": _integrity,
    "access": _access,
}


def _counted(records: Any) -> Section:  # noqa: ANN401  Seen, once over
    found = Counter((one.actor, one.action, one.outcome) for one in records)
    rows = [
        {"actor": actor, "action": action, "outcome": outcome, "count": count}
        for (actor, action, outcome), count in sorted(found.items())
    ]
    return {"count": found.total(), "by": rows[:MOST]}


def _in(reader: Reader, tenant: str, period: Period) -> Iterator[Seen]:
    for leaf in _leaves(reader, tenant):
        try:
            one = seen(leaf.index, leaf.entry)
        except RecordUnreadable:
            continue
        if period.holds(one.at):
            yield one


def _leaves(reader: Reader, tenant: str) -> Iterator[Leaf]:
    size = reader.size(tenant)
    for start in range(0, size, PAGE):
        yield from reader.read(tenant, start, min(PAGE, size - start))
