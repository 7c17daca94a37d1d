"""What routes ask for in their signatures."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request

from quarterdeck.kernel.work import Actor, Work, begin, read
from quarterdeck.runtime import Runtime
from quarterdeck.web.signin import actor_of


def runtime_of(request: Request) -> Runtime:
    """The installation that answers this request."""
    runtime: Runtime = request.app.state.runtime
    return runtime


Installation = Annotated[Runtime, Depends(runtime_of)]
By = Annotated[Actor, Depends(actor_of)]


def open_read(request: Request, runtime: Installation, actor: By) -> Iterator[Work]:
    """A look at the state, for a route that changes nothing."""
    with read(runtime.engine, actor, runtime.clock, request.state.request_id) as work:
        yield work


def open_work(request: Request, runtime: Installation, actor: By) -> Iterator[Work]:
    """One transaction for each request."""
    with begin(runtime.engine, actor, runtime.clock, request.state.request_id) as work:
        yield work


# scope="function" commits before the response leaves. FastAPI's default commits
# after it, and so promises the client a write that may yet fail.
InRead = Annotated[Work, Depends(open_read, scope="function")]
InWork = Annotated[Work, Depends(open_work, scope="function")]
