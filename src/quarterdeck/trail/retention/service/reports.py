"""Reports: was everything kept as long as policy says, and where it says?"""

from collections.abc import Iterator

from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.work import Work
from quarterdeck.trail.holds import service as holds
from quarterdeck.trail.holds.model import keeping
from quarterdeck.trail.log.purges import ranges_of
from quarterdeck.trail.policy import service as policy
from quarterdeck.trail.policy.keeping import Residency
from quarterdeck.trail.policy.model import Kind
from quarterdeck.trail.retention import store
from quarterdeck.trail.retention.model import (
    Breach,
    Purge,
    Residence,
    Validation,
    within,
)
from quarterdeck.trail.retention.reading import Classes, Subjects, came_from, seen
from quarterdeck.trail.retention.service.planning import Ground, ranges, retention_of

LATE_US = 86_400_000_000
"""A day: how long after its time a record may stand before a report names it."""

MAX_BREACHES = 1000


def validate(work: Work, ground: Ground, tenant: str) -> Validation:
    """Which records were kept too long, and which removed too early. Reads the whole log."""
    mine = work.require("trail:verify", tenant)
    past = store.of_tenants(work.db, mine)
    named = ranges(past)
    classes = Classes(work.db, retention_of(work, tenant))
    standing = holds.standing(work.db, tenant)
    subjects = Subjects(work.db, ground.removal, tenant, standing)
    late: list[int] = []
    gone: list[int] = []
    held = checked = 0
    for one in seen(ground.reader, tenant, 0, ground.reader.size(tenant)):
        checked += 1
        if isinstance(one, int):
            if not within(named, one):
                gone.append(one)
            continue
        _, due_at = classes.due(one)
        if due_at is None or due_at + LATE_US > micros(work.now):
            continue
        if keeping(standing, subjects.held(one)):
            held += 1
        else:
            late.append(one.index)
    return Validation(
        tenant=tenant,
        late=[Breach(a, b, "kept past its time") for a, b in ranges_of(late)][:MAX_BREACHES],
        early=[*_too_early(past), *_unnamed(gone)][:MAX_BREACHES],
        held=held,
        checked=checked,
    )


def residency(work: Work, ground: Ground, tenant: str, region: str) -> Residence:
    """Which records stand, or came from, where they may not. Reads the whole log.

    ``region``: where this installation stores, by its settings.
    """
    work.require("trail:verify", tenant)
    rules = Residency.of(policy.document(work.db, tenant, Kind.RESIDENCY))
    outside: dict[str, list[int]] = {}
    unknown = checked = 0
    for one in seen(ground.reader, tenant, 0, ground.reader.size(tenant)):
        checked += 1
        if isinstance(one, int) or not rules.sources:
            continue
        came = came_from(rules, one)
        if not came:
            unknown += 1
        elif came not in rules.sources:
            outside.setdefault(came, []).append(one.index)
    return Residence(
        tenant=tenant,
        region=region,
        storage=_storage(rules, region),
        outside=[
            Breach(a, b, f"came from {came}")
            for came, indices in sorted(outside.items())
            for a, b in ranges_of(indices)
        ][:MAX_BREACHES],
        unknown=unknown,
        checked=checked,
    )


def _too_early(past: list[Purge]) -> Iterator[Breach]:
    for one in past:
        if one.is_early:
            for start, end in one.ranges:
                yield Breach(start, end, f"removed before its time by purge {one.id}")


def _unnamed(gone: list[int]) -> Iterator[Breach]:
    for start, end in ranges_of(gone):
        yield Breach(start, end, "removed, and no purge names it")


def _storage(rules: Residency, region: str) -> str:
    if not rules.storage or region in rules.storage:
        return ""
    allowed = ", ".join(rules.storage)
    return f"stored in {region or 'a region not known: set region'}, allowed: {allowed}"
