"""/workbook: the health of the platform in five views (runbook 004, topic 4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from starlette.responses import HTMLResponse

from quarterdeck.console import graph, lines
from quarterdeck.console.frame import Frame, InFrame
from quarterdeck.console.graph import Graph
from quarterdeck.console.pages.metrics import shown_of
from quarterdeck.kernel.errors import Forbidden
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.jobs import service as jobs
from quarterdeck.operations.health.model.state import State
from quarterdeck.operations.health.service import registry
from quarterdeck.operations.health.service.registry import Place
from quarterdeck.operations.logs import service as logs
from quarterdeck.operations.logs.model.entry import Asked, Level
from quarterdeck.operations.metrics import workbook
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import page_router

router = page_router()

READ = "metrics:read"
LINES, JOBS = 100, 50


class View(StrEnum):
    """What a view is called, in its address and on its tab."""

    LIVE = "live"
    MAP = "map"
    PERFORMANCE = "performance"
    FAILURES = "failures"
    LOGS = "logs"


PANELS = {
    View.LIVE: workbook.LIVE,
    View.PERFORMANCE: workbook.PERFORMANCE,
    View.FAILURES: workbook.FAILURES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """The services of one environment.

    Attributes:
        places: by name; of a dependency that nobody registered there is none.
    """

    tenant: str
    environment: str
    drawn: Graph
    places: Mapping[str, Place]

    @property
    def down(self) -> int:
        return sum(one.standing.state is State.DOWN for one in self.places.values())


@router.get("/workbook", response_class=HTMLResponse, **needs(READ))
def live(frame: InFrame) -> HTMLResponse:
    """Live metrics: what happens now."""
    return _show(frame, View.LIVE)


@router.get("/workbook/{sheet}", response_class=HTMLResponse, **needs(READ))
def one_view(frame: InFrame, sheet: View) -> HTMLResponse:
    """One of the five views."""
    return _show(frame, sheet)


def _show(frame: Frame, view: View) -> HTMLResponse:
    frame.work.tenants(READ)
    refusal, said = "", {}
    try:
        said = {**_series(frame, view), **_others(frame, view)}
    except Forbidden as refused:  # of one view alone: the others may be seen
        refusal = str(refused)
    return frame.show(
        "workbook.html",
        view=view.value,
        views=[one.value for one in View],
        refusal=refusal,
        size=(lines.WIDTH, lines.HEIGHT),
        node=(graph.WIDE, graph.HIGH),
        **{"panels": [], "ats": [], "maps": [], "entries": [], "failed": [], "more": False, **said},
    )


def _series(frame: Frame, view: View) -> dict[str, Any]:
    if view not in PANELS:
        return {}
    # What happens now would be one point of a day.
    panels, ats = shown_of(frame, PANELS[view], span="1h" if view is View.LIVE else "")
    return {"panels": panels, "ats": ats}


def _others(frame: Frame, view: View) -> dict[str, Any]:
    if view is View.MAP:
        found = registry.places(frame.work, tenant=frame.shell.tenant)
        return {"maps": maps(found.every), "more": found.more}
    if view is View.FAILURES and frame.holds("jobs:read"):
        return {"failed": jobs.failed(frame.work, frame.shell.tenant, JOBS)}
    if view is View.LOGS:
        frame.work.require(logs.READ, PLATFORM)
        asked = Asked(
            since=frame.since, until=frame.work.now + logs.AHEAD, service="", level=Level.INFO
        )
        folder = logs.folder_of(frame.runtime.settings)
        return {"entries": logs.find(frame.work, folder, asked, LINES)[::-1]}
    return {}


def maps(places: Sequence[Place]) -> list[Map]:
    """A map of each environment, those in trouble first."""
    groups: dict[tuple[str, str], dict[str, Place]] = {}
    for place in places:
        service = place.standing.service
        groups.setdefault((service.tenant, service.environment), {})[service.name] = place
    made = [
        Map(
            tenant=tenant,
            environment=environment,
            drawn=graph.graph({n: p.standing.service.depends_on for n, p in group.items()}),
            places=group,
        )
        for (tenant, environment), group in groups.items()
    ]
    return sorted(made, key=lambda one: -one.down)
