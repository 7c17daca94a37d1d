"""/routing: who hears of which alerts, and what they were told."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import HTMLResponse, Response

from quarterdeck.console.frame import Frame, InFrame, changing, looking, see
from quarterdeck.kernel.errors import Invalid
from quarterdeck.operations.routing.service import configuring
from quarterdeck.operations.routing.service.outgoing import outgoing
from quarterdeck.web.deps import By
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import HouseRoute

router = APIRouter(include_in_schema=False, route_class=HouseRoute)

READS, WRITES = needs("alerts:read"), needs("routing:write")
HERE = "/routing"
SENT = {
    "sent": "ok",
    "waiting": "running",
    "sending": "running",
    "failed": "critical",
    "dropped": "unknown",
}
EXAMPLE = """\
route:
  receiver: team
  group_by: [alertname]
  routes:
    - matchers: [severity="critical"]
      receiver: pager
      group_wait: 0s
receivers:
  - name: team
    webhook_configs: [{url: "https://hooks.example/team"}]
  - name: pager
    webhook_configs: [{url: "https://hooks.example/pager"}]
"""
Word = Annotated[str, Query(max_length=4000)]


@router.get(HERE, response_class=HTMLResponse, **READS)
def routing(frame: InFrame, of: Word = "", labels: Word = "") -> HTMLResponse:
    """The tree of one tenant, a label set to try it with, and what was sent."""
    return _page(frame, of, labels)


@router.post(HERE, **WRITES)
def apply(
    request: Request,
    actor: By,
    of: Annotated[str, Form(max_length=200)],
    text: Annotated[str, Form(max_length=300_000)],
) -> Response:
    """Say who hears of which alerts; what is refused is said beside the text."""
    try:
        with changing(request, actor) as work:
            configuring.apply(work, of, text.replace("\r\n", "\n"))
    except Invalid as error:
        with looking(request, actor) as frame:
            return _page(frame, of, "", refused=str(error), text=text)
    return see(f"{HERE}?of={of}")


def _page(frame: Frame, of: str, labels: str, refused: str = "", text: str = "") -> HTMLResponse:
    first = frame.shell.tenants[0].id if frame.shell.tenants else ""
    tenant = of or frame.shell.tenant or first
    config = configuring.config_of(frame.work.db, tenant) if tenant else None
    fault = configuring.fault_of(frame.work.db, tenant) if tenant else ""
    current = configuring.current(frame.work, tenant) if config or fault else None
    pairs = dict(one.partition("=")[::2] for one in labels.split() if "=" in one)
    tried = configuring.tried(frame.work, tenant, pairs) if config and pairs else []
    return frame.show(
        "routing.html",
        of=tenant,
        config=config,
        current=current,
        routes=[(route, route.id.count(".")) for route in config.root.every()] if config else [],
        labels=labels,
        tried=tried,
        asked=bool(pairs),
        fault=fault,
        refused=refused,
        text=text or (current.text if current else EXAMPLE),
        sending=outgoing(frame.work, tenant),
        sent_marks=SENT,
        people=frame.people(),
    )
