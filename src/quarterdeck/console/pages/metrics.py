"""/watch/metrics: the ten panels of the operations dashboard, from our own store."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.responses import HTMLResponse

from quarterdeck.console import lines
from quarterdeck.console.frame import RANGES, Frame, InFrame
from quarterdeck.operations.metrics import panels
from quarterdeck.operations.metrics.service import drawing
from quarterdeck.operations.metrics.service.drawing import Drawn
from quarterdeck.operations.metrics.spans import steps
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import page_router

router = page_router()

EVERY = {
    "1h": timedelta(minutes=1),
    "24h": timedelta(minutes=20),
    "7d": timedelta(hours=2),
    "30d": timedelta(hours=8),
}
"""Between two points, by range: sixty to ninety a line."""

SHOWN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A panel as the page shows it.

    Attributes:
        verdict: ``ok`` or ``warning`` by the limit, ``unknown`` where nothing is known now.
    """

    panel: panels.Panel
    chart: lines.Chart
    drawn: Sequence[Drawn]
    verdict: str


@router.get("/watch/metrics", response_class=HTMLResponse, **needs("metrics:read"))
def metrics(frame: InFrame, region: str = "") -> HTMLResponse:
    """The ten panels, each with its lines, its limit and its numbers."""
    shown, ats = shown_of(frame, panels.PANELS, region)
    return frame.show("metrics.html", panels=shown, ats=ats, size=(lines.WIDTH, lines.HEIGHT))


def shown_of(
    frame: Frame, some: Sequence[panels.Panel], region: str = "", span: str = ""
) -> tuple[list[Shown], list[datetime]]:
    """Panels as a page shows them, and the instants of their points.

    In the page's time range, or in ``span``.
    """
    span = span or frame.shell.span
    ats = [*steps(frame.work.now - RANGES[span], frame.work.now, EVERY[span])]
    # The newest interval ends now, and not at the last whole one.
    ats = [*ats, frame.work.now] if not ats or ats[-1] < frame.work.now else ats
    return [_shown(frame, panel, ats, region) for panel in some], ats


def _shown(frame: Frame, panel: panels.Panel, ats: Sequence[datetime], region: str) -> Shown:
    drawn = drawing.draw(
        frame.work, frame.runtime.metrics, panels.OWNER, panels.within(panel, region), ats
    )
    chart = lines.chart(ats, [(one.name, one.values) for one in drawn[:SHOWN]], panel.limit)
    return Shown(panel=panel, chart=chart, drawn=drawn, verdict=panels.verdict(panel, _last(drawn)))


def _last(drawn: Sequence[Drawn]) -> list[float]:
    return [one.values[-1] for one in drawn if one.values[-1] is not None]
