"""Cursors: opaque, and good for one question alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response

from quarterdeck.web import paging
from quarterdeck.web.faults import InvalidRequest
from quarterdeck.web.paging import Page

SECRET = "s" * 32

keys = st.lists(st.text() | st.integers(-(2**60), 2**60) | st.none(), min_size=1).map(tuple)
questions = st.text(max_size=40)


@given(key=keys, question=questions)
def test_a_cursor_opens_for_the_question_it_was_made_for(
    key: tuple[str | int | None, ...], question: str
) -> None:
    assert paging.opened(paging.sealed(key, question, SECRET), question, SECRET) == key


@given(key=keys, question=questions, other=questions)
def test_a_cursor_opens_for_no_other(
    key: tuple[str | int | None, ...], question: str, other: str
) -> None:
    cursor = paging.sealed(key, question, SECRET)
    if question != other:
        with pytest.raises(InvalidRequest):
            paging.opened(cursor, other, SECRET)
    with pytest.raises(InvalidRequest):
        paging.opened(cursor, question, "t" * 32)


@given(text=st.text(max_size=60))
def test_no_text_is_taken_for_a_cursor(text: str) -> None:
    with pytest.raises(InvalidRequest):
        paging.opened(text, "/x", SECRET)


@given(rows=st.integers(0, 30), limit=st.integers(1, 9))
def test_pages_hold_every_row_once_in_order(rows: int, limit: int) -> None:
    seen: list[int] = []
    page = Page(limit=limit, after=None, question="/things?q=a", secret=SECRET)
    while True:
        first = page.after[0] if page.after else -1
        response = Response()
        read = [n for n in range(rows) if n > int(first or 0) or page.after is None][: page.fetch]
        seen += page.turn(response, read, lambda n: (n,))
        if "link" not in response.headers:
            break
        link = response.headers["link"]
        assert link.endswith('>; rel="next"')
        cursor = link.split("cursor=")[1].split(">")[0]
        after = paging.opened(cursor, "/things?q=a", SECRET)
        page = Page(limit=limit, after=after, question="/things?q=a", secret=SECRET)
    assert seen == list(range(rows))


def test_the_filter_counts_whatever_its_order_and_the_page_does_not() -> None:
    def question(query: str) -> str:
        scope = {"type": "http", "path": "/x", "query_string": query.encode(), "headers": []}
        return paging.question_of(Request(scope | {"server": ("h", 80), "scheme": "http"}))

    assert question("b=2&a=1&limit=5") == question("a=1&b=2&cursor=z") == "/x?a=1&b=2"
