"""What people do with SLOs: apply, try, remove, write out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from hashlib import sha256

from quarterdeck.access.tenants import service as access
from quarterdeck.events.slos import SloObjectApplied, SloObjectRemoved
from quarterdeck.kernel import schedules
from quarterdeck.kernel.errors import Conflict, NotFound
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.schedules import Schedule
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.slos.model.address import fault_of
from quarterdeck.operations.slos.model.openslo import (
    KINDS,
    DataSource,
    Object,
    Slo,
    UnusableSlo,
    kind_of,
)
from quarterdeck.operations.slos.planning import (
    Known,
    Planned,
    check,
    known,
    plan,
    refers,
    sli_of,
    touched,
)
from quarterdeck.operations.slos.reading import Read, read
from quarterdeck.operations.slos.service import crossing
from quarterdeck.operations.slos.store import counting, objects, standing
from quarterdeck.operations.slos.store.objects import Kept
from quarterdeck.operations.slos.writing import write

READ, WRITE = "slos:read", "slos:write"
SLO = "SLO"
EVALUATION = "slo-evaluation"
EVERY = timedelta(minutes=1)
MOST_SLOS = 500
"""Of one tenant."""

NAMED = 5
"""Of those who refer to something."""


class NoSuchSlo(NotFound):
    """There is no such SLO, or none that this actor may see."""


class ReferredTo(Conflict):
    """An object cannot go as long as others refer to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What became of a text.

    Attributes:
        changed: kind and name of each object that is another than before.
        unchanged: of those that are as they were.
        notes: how something was understood that could be understood otherwise.
    """

    changed: tuple[tuple[str, str], ...]
    unchanged: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def apply(work: Work, tenant: str, text: str) -> Applied:
    """Have the objects in ``text`` hold from now on; the same again changes nothing.

    Raises:
        UnreadableSlo: an object cannot be read. None of the text holds then.
        UnusableSlo: an SLO refers to something that is not there, or could not be counted by what
            it refers to from now on.
    """
    own = work.require(WRITE, tenant)
    if tenant != PLATFORM:
        access.require_open(work, tenant)
    said = read(text)
    _check(kept(work, own), said.objects)
    changed = [one for one in said.objects if _put(work, own, tenant, one)]
    _watch(work, own, tenant)
    named = [(kind_of(one), one.metadata.name) for one in said.objects]
    news = tuple((kind_of(one), one.metadata.name) for one in changed)
    same = tuple(one for one in named if one not in news)
    return Applied(changed=news, unchanged=same, notes=said.notes)


def preview(work: Work, tenant: str, text: str) -> tuple[Read, list[Planned]]:
    """What ``text`` is, and what would be counted; nothing changes.

    Raises:
        UnreadableSlo, UnusableSlo: as ``apply`` does.
    """
    own = work.require(READ, tenant)
    said = read(text)
    there = kept(work, own)
    _check(there, said.objects)
    among = known(_with(there, said.objects))
    slos = [one for one in said.objects if isinstance(one, Slo)]
    return said, [one for slo in slos for one in plan(tenant, slo, among)]


def remove(work: Work, tenant: str, kind: str, name: str) -> None:
    """Remove an object. With an SLO goes what was counted of it, and what it demanded.

    Raises:
        NoSuchSlo: there is no such object.
        ReferredTo: something could not be counted without it.
    """
    own = work.require(WRITE, tenant)
    if kind not in KINDS:
        raise UnusableSlo(f"expected one of {', '.join(KINDS)}, got {kind[:40]!r}")
    there = kept(work, own)
    _check_alone(there, kind, name)
    if not objects.remove(work.db, own, kind, name):
        raise NoSuchSlo(f"no {kind} {name[:80]} of {tenant[:80]}")
    for slo in there if kind == SLO else ():
        if isinstance(slo, Slo) and slo.metadata.name == name:
            crossing.release(work, own, tenant, slo)
            counting.forget(work.db, own, name)
            standing.forget(work.db, own, name)
    work.publish(SloObjectRemoved(tenant=tenant, kind=kind, name=name))
    _watch(work, own, tenant)


def export(work: Work, tenant: str, name: str = "") -> str:
    """What was applied, or one SLO, as OpenSLO writes it; those that are referred to first."""
    own = work.require(READ, tenant)
    found = objects.found(work.db, own, (SLO,) if name else (), name)
    if name and not found:
        raise NoSuchSlo(f"no SLO {name[:80]} of {tenant[:80]}")
    order = list(KINDS)
    every = [one for row in found for one in objects_of(row.text)]
    return write(sorted(every, key=lambda one: order.index(kind_of(one))))


def kept(work: Work, own: Tenants) -> list[Object]:
    """What was applied for one tenant."""
    return [one for row in objects.found(work.db, own) for one in objects_of(row.text)]


@lru_cache(maxsize=4096)
def objects_of(text: str) -> tuple[Object, ...]:
    """The objects of a text that was read before. YAML takes milliseconds."""
    return read(text).objects


def _with(there: Iterable[Object], new: Iterable[Object]) -> list[Object]:
    """What holds once ``new`` does."""
    every = {(kind_of(one), one.metadata.name): one for one in (*there, *new)}
    return list(every.values())


def _check(there: Iterable[Object], new: Sequence[Object]) -> None:
    """Refuse what leaves an SLO without something that it refers to, or says nothing to us."""
    every = _with(there, new)
    among = known(every)
    slos = sum(isinstance(one, Slo) for one in every)
    if slos > MOST_SLOS:
        raise UnusableSlo(f"{slos} SLOs, at most {MOST_SLOS} of one tenant")
    for source in new:
        if isinstance(source, DataSource):
            _check_connection(source)
    for slo in touched(every, new):
        _check_slo(slo, among)


def _check_slo(slo: Slo, among: Known) -> None:
    check(slo)
    sli_of(slo, among)
    for planned in plan("", slo, among):
        if planned.fault:
            raise UnusableSlo(f"SLO {slo.metadata.name}: {planned.fault}")


def _check_alone(there: Iterable[Object], kind: str, name: str) -> None:
    users = [one for one in there if (kind, name) in refers(one)]
    if users:
        words = ", ".join(f"{kind_of(one)} {one.metadata.name}" for one in users[:NAMED])
        more = f" and {len(users) - NAMED} more" if len(users) > NAMED else ""
        raise ReferredTo(f"{kind} {name} is referred to by {words}{more}: change or remove these")


def _check_connection(one: DataSource) -> None:
    url = one.connection.get("url", "")
    if url and (why := fault_of(url)):
        raise UnusableSlo(f"DataSource {one.metadata.name}: {why}")


def _put(work: Work, own: Tenants, tenant: str, one: Object) -> bool:
    """Keep an object; False if it is as it was."""
    kind, name, text = kind_of(one), one.metadata.name, write([one])
    before = objects.found(work.db, own, (kind,), name)
    if before and before[0].text == text:
        return False
    row = Kept(tenant=tenant, kind=kind, name=name, text=text, by=work.actor.id, at=work.now)
    objects.put(work.db, own, row)
    digest = sha256(text.encode()).hexdigest()
    work.publish(SloObjectApplied(tenant=tenant, kind=kind, name=name, digest=digest))
    return True


def _watch(work: Work, own: Tenants, tenant: str) -> None:
    """Have the tenant's SLOs evaluated while there are any."""
    name = f"slos:{tenant}"
    if objects.found(work.db, own, (SLO,)):
        schedule = Schedule(name=name, kind=EVALUATION, tenant=tenant, every=EVERY)
        schedules.put(work.db, work.now, schedule)
    else:
        schedules.drop(work.db, name)
