"""Exports in the console: asked for, seen, stopped; each without script."""

import re
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from console.stage import Stage

HERE = "/trail/exports"


@pytest.fixture
def post(client: TestClient) -> Callable[..., str]:
    """Sends a form, and what it leads to."""
    found = re.search(r'name="csrf" value="([^"]+)"', client.get("/tokens").text)
    assert found

    def sent(path: str, **fields: str) -> str:
        answer = client.post(path, data={"csrf": found[1], **fields})
        if answer.status_code == 303:
            answer = client.get(answer.headers["location"])
        assert answer.status_code == 200, answer.text
        return answer.text

    return sent


def test_an_export_is_asked_for_seen_and_stopped(
    client: TestClient, estate: Stage, post: Callable[..., str]
) -> None:
    (tenant, *_) = sorted(estate.trail.reader.sizes())
    assert "Nothing was exported yet" in client.get(HERE).text
    page = post(HERE, tenant=tenant, form="bundle")
    assert "asked" in page
    stop = re.search(rf'action="({HERE}/[^"]+/cancel)"', page)
    assert stop
    assert "cancelled" in post(stop[1])
