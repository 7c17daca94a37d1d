"""/services: what there is, how each is, and what is down because of what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.responses import HTMLResponse

from quarterdeck.console.frame import Frame, InFrame
from quarterdeck.operations.changes import service as changes
from quarterdeck.operations.changes.model import Change
from quarterdeck.operations.health.model.history import Bucket
from quarterdeck.operations.health.model.state import ORDER, State, worst
from quarterdeck.operations.health.model.tree import SICK
from quarterdeck.operations.health.service import checking, registry, restarting
from quarterdeck.operations.health.service.registry import Place
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import page_router

router = page_router()

READS = needs(registry.READ)
CELL = timedelta(minutes=5)
SHOWN_CHECKS = 5
SHOWN_RESTARTS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """One environment: roots of trouble with what hangs on each, then the others."""

    tenant: str
    environment: str
    roots: list[tuple[Place, list[Place]]]
    others: list[Place]

    @property
    def state(self) -> State:
        """Of the worst service."""
        return worst(place.standing.state for place in self.places)

    @property
    def places(self) -> list[Place]:
        """Every service, once."""
        under = {p.standing.service.name: p for _, group in self.roots for p in group}
        return [*(root for root, _ in self.roots), *under.values(), *self.others]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Five minutes of a service; ``state`` None: nobody looked."""

    at: datetime
    state: State | None
    words: str


@router.get("/services", response_class=HTMLResponse, **READS)
def services(frame: InFrame) -> HTMLResponse:
    """Every environment's tree, roots of trouble first, and a matrix by region."""
    found = registry.places(frame.work, tenant=frame.shell.tenant)
    places = found.every
    return frame.show(
        "services.html",
        trees=trees(places),
        more=found.more,
        counts={state.value: _many(places, state) for state in reversed(ORDER)},
        regions=regions(places),
        matrix=matrix(places),
        environments=registry.environments(frame.work, frame.shell.tenant),
        checks=checking.kept(frame.work, tenant=frame.shell.tenant, limit=SHOWN_CHECKS),
    )


@router.get("/services/{tenant}/{environment}/{service}", response_class=HTMLResponse, **READS)
def one_service(frame: InFrame, tenant: str, environment: str, service: str) -> HTMLResponse:
    """One service: its probes, its history, what was changed of late."""
    place = registry.place_of(frame.work, tenant, environment, service)
    changed, looks = registry.history(frame.work, tenant, environment, service, frame.since)
    return frame.show(
        "service.html",
        place=place,
        one=place.standing,
        changed=changed,
        strip=strip(looks, frame.work.now),
        looks=sum(bucket.looks for bucket in looks),
        failed=sum(bucket.failed for bucket in looks),
        restarts=restarting.tried(frame.work, tenant, environment, service, SHOWN_RESTARTS),
        told=_told(frame, tenant, environment, service),
    )


def trees(places: Sequence[Place]) -> list[Tree]:
    """One tree an environment, worst first."""
    groups: dict[tuple[str, str], list[Place]] = {}
    for place in places:
        service = place.standing.service
        groups.setdefault((service.tenant, service.environment), []).append(place)
    found = [_tree(key, group) for key, group in groups.items()]
    return sorted(found, key=lambda tree: -ORDER.index(tree.state))


def regions(places: Sequence[Place]) -> list[str]:
    """The regions that services are in, by name; "" is none that is known."""
    return sorted({place.standing.service.region for place in places})


def matrix(places: Sequence[Place]) -> dict[str, dict[str, list[Place]]]:
    """By service and region: where it runs, in every environment."""
    found: dict[str, dict[str, list[Place]]] = {}
    for place in places:
        service = place.standing.service
        found.setdefault(service.name, {}).setdefault(service.region, []).append(place)
    return {name: found[name] for name in sorted(found)}


def strip(looks: Sequence[Bucket], now: datetime) -> list[Cell]:
    """The last 24 hours in cells of five minutes, the newest last; gaps stay gaps."""
    by_cell: dict[datetime, list[Bucket]] = {}
    for bucket in looks:
        by_cell.setdefault(bucket.at, []).append(bucket)
    last = now - timedelta(minutes=now.minute % 5, seconds=now.second, microseconds=now.microsecond)
    return [_cell(last - n * CELL, by_cell.get(last - n * CELL, [])) for n in range(287, -1, -1)]


def _cell(at: datetime, buckets: Sequence[Bucket]) -> Cell:
    if not buckets:
        return Cell(at=at, state=None, words="nobody looked")
    looks, failed = sum(b.looks for b in buckets), sum(b.failed for b in buckets)
    mean = sum(b.mean_ms * b.looks for b in buckets) / looks
    state = State.DOWN if failed == looks else State.DEGRADED if failed else State.HEALTHY
    return Cell(at=at, state=state, words=f"{failed} of {looks} looks failed, {mean:.0f} ms")


def _tree(key: tuple[str, str], group: list[Place]) -> Tree:
    roots = [p for p in group if p.standing.state in SICK and not p.because_of]
    by_name = {p.standing.service.name: p for p in group}
    roots.sort(key=lambda p: (-ORDER.index(p.standing.state), -len(p.breaks)))
    blamed = {name for root in roots for name in root.breaks}
    shown = blamed | {root.standing.service.name for root in roots}
    others = [p for name, p in by_name.items() if name not in shown]
    return Tree(
        tenant=key[0],
        environment=key[1],
        roots=[(root, [by_name[name] for name in root.breaks]) for root in roots],
        others=sorted(others, key=lambda p: -ORDER.index(p.standing.state)),
    )


def _told(frame: Frame, tenant: str, environment: str, service: str) -> list[Change]:
    if not frame.allows(changes.READ, tenant):
        return []
    return changes.recent(frame.work, tenant, environment=environment, service=service)


def _many(places: Sequence[Place], state: State) -> int:
    return sum(place.standing.state is state for place in places)
