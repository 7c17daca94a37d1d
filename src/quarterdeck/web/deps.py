"""What routes ask for in their signatures."""

from collections.abc import Callable, Iterator
from typing import Annotated, TypeVar

from fastapi import Depends, Request

from quarterdeck.kernel.work import Actor, Work, begin, read
from quarterdeck.runtime import Runtime
from quarterdeck.web import once
from quarterdeck.web.signin import actor_of


def runtime_of(request: Request) -> Runtime:
    """The installation that answers this request."""
    runtime: Runtime = request.app.state.runtime
    return runtime


Installation = Annotated[Runtime, Depends(runtime_of)]
By = Annotated[Actor, Depends(actor_of)]
Repeatable = Annotated[once.Once, Depends(once.once_of)]


def open_read(request: Request, runtime: Installation, actor: By) -> Iterator[Work]:
    """A look at the state, for a route that changes nothing."""
    with read(runtime.engine, actor, runtime.clock, request.state.request_id) as work:
        yield work


def open_work(
    request: Request, runtime: Installation, actor: By, asked: Repeatable
) -> Iterator[Work]:
    """One transaction for each request, that keeps its answer under the request's key."""
    with (
        asked.claimed(runtime.engine) as claim,
        begin(runtime.engine, actor, runtime.clock, request.state.request_id) as work,
    ):
        yield work
        if claim is not None:
            # Set by HouseRoute once the route has answered. Another kind of route fails here,
            # and so writes nothing, rather than break the promise that the key makes.
            once.keep(work.db, claim, request.state.answer)


Ready = TypeVar("Ready")


def prepared_by(
    prepare: Callable[[Work, Runtime], Ready],
) -> Callable[..., Iterator[tuple[Work, Ready]]]:
    """As ``open_work``, after ``prepare``: for what asks others, who may take their time.

    No transaction that writes is open meanwhile, and a repeated request asks nobody again.
    """

    def open_prepared(
        request: Request, runtime: Installation, actor: By, asked: Repeatable
    ) -> Iterator[tuple[Work, Ready]]:
        by = (runtime.engine, actor, runtime.clock, request.state.request_id)
        with asked.claimed(runtime.engine) as claim:
            with read(*by) as look:
                ready = prepare(look, runtime)
            with begin(*by) as work:
                yield work, ready
                if claim is not None:
                    once.keep(work.db, claim, request.state.answer)

    return open_prepared


# scope="function" commits before the response leaves. FastAPI's default commits
# after it, and so promises the client a write that may yet fail.
InRead = Annotated[Work, Depends(open_read, scope="function")]
InWork = Annotated[Work, Depends(open_work, scope="function")]
