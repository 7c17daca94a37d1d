"""/settings: what this installation was told, and where each value came from."""

from starlette.responses import HTMLResponse

from quarterdeck.console.frame import InFrame
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.settings import PREFIX, Configured, Settings
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import page_router

router = page_router()

HELP = {name: field.metadata["help"] for name, field in Settings.__dataclass_fields__.items()}


@router.get("/settings", response_class=HTMLResponse, **needs("config:read"))
def settings(frame: InFrame) -> HTMLResponse:
    """Each setting: value, source, meaning. Secrets are masked."""
    frame.work.require("config:read", PLATFORM)
    told = Configured(
        settings=frame.runtime.settings, sources=frame.request.app.state.setting_sources
    )
    return frame.show("settings.html", rows=told.rows(), help=HELP, prefix=PREFIX)
