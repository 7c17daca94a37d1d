"""People write schedules: each change is a version, with who and why; any can be put back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from quarterdeck.events.oncall import OncallScheduleApplied
from quarterdeck.kernel.work import Work
from quarterdeck.operations.oncall import store
from quarterdeck.operations.oncall.document import read, text_of
from quarterdeck.operations.oncall.model.faults import NoSuchSchedule, UnusableSchedule
from quarterdeck.operations.oncall.model.person import Known
from quarterdeck.operations.oncall.model.version import APPLIED, DELETED, Kept, Version
from quarterdeck.operations.oncall.people import people
from quarterdeck.operations.oncall.service.keeping import (
    WRITE,
    check_version,
    found,
    keep,
    kept_of,
    require_open,
)

MOST = 200
"""Schedules of one tenant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What became of a text.

    Attributes:
        notes: what of it will wake nobody.
    """

    kept: Kept
    changed: bool
    notes: Sequence[str]


def apply(
    work: Work, tenant: str, name: str, text: str, *, why: str = "", expected: int | None = None
) -> Applied:
    """Have a schedule hold from now on; the same again changes nothing.

    What was put over it (overrides, swaps) stays.

    Raises:
        UnusableSchedule: it cannot be; says at which place.
        ScheduleChanged: it is not at the version that was ``expected``; 0: none.
    """
    own = work.require(WRITE, tenant)
    require_open(work, tenant)
    said = read(name, text)
    old = store.of_name(work.db, own, name)
    check_version(name, old.version if old else 0, expected)
    if old is not None:
        was = old.schedule
        said = replace(said, overrides=was.overrides, swaps=was.swaps)
        if said == was:
            return Applied(kept=old, changed=False, notes=notes(work, old))
    elif store.count(work.db, own) >= MOST:
        raise UnusableSchedule(f"a tenant has at most {MOST} schedules")
    made = keep(work, own, tenant, said, APPLIED, why)
    work.publish(_told(made))
    return Applied(kept=kept_of(made), changed=True, notes=notes(work, kept_of(made)))


def delete(
    work: Work, tenant: str, name: str, *, why: str = "", expected: int | None = None
) -> None:
    """Have a schedule hold no more; its versions stay, and any can be put back."""
    own = work.require(WRITE, tenant)
    old = found(work, own, name)
    check_version(name, old.version, expected)
    work.publish(_told(keep(work, own, tenant, old.schedule, DELETED, why)))


def put_back(
    work: Work,
    tenant: str,
    name: str,
    version: int,
    *,
    why: str = "",
    expected: int | None = None,
) -> Kept:
    """Have a schedule be what it was at a version, as a new one; also one that was deleted.

    Overrides of then come back with it, those that are not over.
    """
    own = work.require(WRITE, tenant)
    require_open(work, tenant)
    then = store.version(work.db, own, name, version)
    if then is None:
        raise NoSuchSchedule(f"schedule {name[:80]!r} has no version {version}")
    old = store.of_name(work.db, own, name)
    check_version(name, old.version if old else 0, expected)
    if old is not None and old.schedule == then.schedule.since(work.now):
        return old
    made = keep(work, own, tenant, then.schedule, f"put back to {version}", why)
    work.publish(_told(made))
    return kept_of(made)


def notes(work: Work, kept: Kept) -> list[str]:
    """Who is named in a schedule and cannot be woken."""
    who = people(work.db, kept.tenant, kept.schedule.people)
    strangers = [who.of(word) for word in kept.schedule.people]
    return [f"{one.word} is {one.known.value}" for one in strangers if one.known != Known.KNOWN]


def _told(made: Version) -> OncallScheduleApplied:
    return OncallScheduleApplied(
        tenant=made.tenant,
        schedule=made.schedule.name,
        version=str(made.version),
        how=made.how,
        why=made.why,
        digest=sha256(text_of(made.schedule).encode()).hexdigest(),
    )
