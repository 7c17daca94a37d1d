"""Long lists, page by page.

The connection may stay open for minutes; no transaction does. Each page is read by its own
short one, if the credential still stands for what began the list.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from fastapi import Request

from quarterdeck.kernel.work import Actor, Work, read
from quarterdeck.runtime import Runtime
from quarterdeck.web.paging import Key
from quarterdeck.web.signin import recheck

PAGE_ROWS = 500
"""So many at first, that the answer begins at once, and of rows that may be large."""

SMALL_ROWS = 5000
"""A page of rows that weigh a few hundred bytes: what a page costs is spread over more."""

Row = TypeVar("Row")

Rows = Callable[[Work, Key | None, int], Sequence[Row]]
"""At most so many rows after a key (None: from the start), in the key's order; a use case,
so it requires its permission for every page."""


def pages(
    request: Request,
    rows: Rows[Row],
    key: Callable[[Row], Key],
    after: Key | None = None,
    page_rows: int = PAGE_ROWS,
) -> Iterator[Sequence[Row]]:
    """Every page from ``after`` on, of ``page_rows`` after the first; none of them is empty.

    The first page is read now, not when it is asked for: so a refusal comes before the
    answer begins. An error in a later page breaks the connection: a client can tell a list
    cut short from a whole one.
    """
    first = _page(request, rows, after, PAGE_ROWS)
    return _following(request, rows, key, first, page_rows)


def _following(
    request: Request,
    rows: Rows[Row],
    key: Callable[[Row], Key],
    first: Sequence[Row],
    page_rows: int,
) -> Iterator[Sequence[Row]]:
    page = first
    while page:
        yield page
        recheck(request.app.state.runtime, request, request.state.actor)
        page = _page(request, rows, key(page[-1]), page_rows)


def _page(request: Request, rows: Rows[Row], after: Key | None, many: int) -> Sequence[Row]:
    runtime: Runtime = request.app.state.runtime
    actor: Actor = request.state.actor
    with read(runtime.engine, actor, runtime.clock, request.state.request_id) as work:
        return rows(work, after, many)
