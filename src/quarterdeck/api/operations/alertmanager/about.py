"""/api/v2/status and /receivers: who answers here."""

from datetime import timedelta
from importlib.metadata import version
from time import monotonic
from typing import Annotated

import orjson
from fastapi import Request, Response

from quarterdeck.api.operations.alertmanager import forms
from quarterdeck.api.operations.alertmanager.paths import JSON_TYPE, both, meant
from quarterdeck.kernel.work import Work
from quarterdeck.operations.routing.model import NoRouting
from quarterdeck.operations.routing.service import configuring
from quarterdeck.web.deps import InRead
from quarterdeck.web.routes import Router

router = Router(tags=["alertmanager"])


@both(router, "GET", "/status", "alerts:read")
def alertmanager_status(
    request: Request, tenant: Annotated[str, meant("alerts:read")], work: InRead
) -> Response:
    """Who answers here, and by which configuration."""
    ran = timedelta(seconds=monotonic() - request.app.state.began)
    ours = version("quarterdeck")
    body = {
        "cluster": {"name": "quarterdeck", "peers": [], "status": "disabled"},
        "config": {"original": _original(work, tenant)},
        "uptime": forms.moment(work.now - ran),
        "versionInfo": {
            "branch": "quarterdeck",
            "buildDate": "",
            "buildUser": "",
            "goVersion": "",
            "revision": ours,
            "version": ours,
        },
    }
    return Response(orjson.dumps(body), media_type=JSON_TYPE)


@both(router, "GET", "/receivers", "alerts:read")
def alertmanager_receivers(tenant: Annotated[str, meant("alerts:read")], work: InRead) -> Response:
    """Who may be told of alerts."""
    config = configuring.config_of(work.db, tenant)
    found = [{"name": name} for name in (config.receivers if config else ())]
    return Response(orjson.dumps(found), media_type=JSON_TYPE)


def _original(work: Work, tenant: str) -> str:
    try:
        return configuring.current(work, tenant).text
    except NoRouting:
        return ""
