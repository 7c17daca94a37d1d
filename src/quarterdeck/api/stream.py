"""/api/v1/stream: what happens, live."""

from functools import partial
from typing import Annotated

from fastapi import Header, Query, Request
from fastapi.responses import StreamingResponse

from quarterdeck.kernel.outbox import Fact
from quarterdeck.kernel.work import Actor, read
from quarterdeck.runtime import Runtime
from quarterdeck.web import feed, sse
from quarterdeck.web.deps import By, Installation
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router
from quarterdeck.web.signin import recheck

router = api_router(tags=["stream"])

MAX_TENANTS = 50

Tenant = Annotated[
    list[str], Query(min_length=1, max_length=MAX_TENANTS, description="Whom to watch; repeat it.")
]
LastEventId = Annotated[str, Header(alias="Last-Event-ID", max_length=16_384)]


@router.get(
    "/stream",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}, **problems(404, 503)},
    **needs(feed.PERMISSION),
)
def stream(
    request: Request,
    runtime: Installation,
    actor: By,
    tenant: Tenant,
    last_event_id: LastEventId = "",
) -> sse.Stream:
    """Watch tenants as server-sent events.

    `begin` comes first, `heartbeat` in between, `fact` for all that happens; `gap` says that
    facts are missing, and `end` why the stream ended. `Last-Event-ID` resumes.
    """
    with read(runtime.engine, actor, runtime.clock, request.state.request_id) as work:
        start = feed.newest(work, tenant)
    source = sse.Source(
        start=feed.read_back(last_event_id, tenant, start),
        read=partial(_since, runtime, actor),
        check=partial(recheck, runtime, request, actor),
        heartbeat_s=runtime.settings.heartbeat_s,
        stopping=request.app.state.stopping,
    )
    sse.take_seat(request.app.state.stream_seats)
    return sse.Stream(source, request.app.state.stream_seats)


def _since(runtime: Runtime, actor: Actor, position: feed.Position) -> list[Fact]:
    with read(runtime.engine, actor, runtime.clock) as work:
        return feed.since(work, position)
