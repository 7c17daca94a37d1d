"""What every change of a schedule does: a version, if nobody was faster; and who may."""

from quarterdeck.access.tenants import service as access
from quarterdeck.kernel import versions
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.oncall import store
from quarterdeck.operations.oncall.model.faults import (
    NoSuchSchedule,
    ScheduleChanged,
    UnusableSchedule,
)
from quarterdeck.operations.oncall.model.schedule import Schedule
from quarterdeck.operations.oncall.model.version import Kept, Version

READ, WRITE, OVERRIDE = "oncall:read", "oncall:write", "oncall:override"
LONGEST_WHY = 2000


def found(work: Work, own: Tenants, name: str) -> Kept:
    """A schedule; raise NoSuchSchedule."""
    kept = store.of_name(work.db, own, name)
    if kept is None:
        raise NoSuchSchedule(
            f"no schedule {name[:80]!r}; quarterdeck oncall list shows what there is"
        )
    return kept


def require_open(work: Work, tenant: str) -> None:
    """Refuse to change anything of a tenant that was archived."""
    if tenant != PLATFORM:
        access.require_open(work, tenant)


def check_version(name: str, now: int, expected: int | None) -> None:
    """Refuse a change that was meant for another version; 0: it is not there yet."""
    versions.expect(f"schedule {name}", now, expected, ScheduleChanged)


def keep(
    work: Work, own: Tenants, tenant: str, schedule: Schedule, how: str, why: str = ""
) -> Version:
    """Have a schedule be so from now on.

    Raises:
        ScheduleChanged: somebody else changed it in the same moment.
    """
    if len(why) > LONGEST_WHY:
        raise UnusableSchedule(f"a reason has at most {LONGEST_WHY} characters", "#/why")
    made = Version(
        tenant=tenant,
        version=store.newest(work.db, own, schedule.name) + 1,
        by=work.actor.id,
        at=work.now,
        how=how,
        why=why,
        schedule=schedule.since(work.now),
    )
    if not store.add(work.db, own, made):
        raise ScheduleChanged(f"schedule {schedule.name} was changed just now: look at it again")
    return made


def kept_of(made: Version) -> Kept:
    """What holds once a version is made."""
    return Kept(
        tenant=made.tenant,
        version=made.version,
        by=made.by,
        at=made.at,
        schedule=made.schedule,
    )
