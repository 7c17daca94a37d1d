"""Views that people keep: their own alone."""

import pytest
from starlette.testclient import TestClient

from api.conftest import Headers
from quarterdeck.access.views import service as views

URL = "/api/v1/views"
VIEW = {"page": "/resources", "name": "prod", "query": "tag=env%3Dprod"}


def test_a_view_is_kept_listed_and_removed(client: TestClient, ada: Headers) -> None:
    made = client.post(URL, json=VIEW, headers=ada).json()
    assert made["address"] == "/resources?tag=env%3Dprod"
    assert client.get(f"{URL}?page=/resources", headers=ada).json()["views"] == [made]
    assert client.get(f"{URL}?page=/sync", headers=ada).json()["views"] == []
    assert client.delete(f"{URL}/{made['id']}", headers=ada).status_code == 204
    assert client.delete(f"{URL}/{made['id']}", headers=ada).status_code == 404


def test_nobody_sees_or_removes_anothers(client: TestClient, ada: Headers, eve: Headers) -> None:
    made = client.post(URL, json=VIEW, headers=ada).json()
    assert client.get(URL, headers=eve).json() == {"views": []}
    assert client.delete(f"{URL}/{made['id']}", headers=eve).status_code == 404
    assert client.post(URL, json=VIEW, headers=eve).status_code == 201


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 409),
        ({"page": "//evil.example", "name": "x"}, 422),
        ({"page": "https://evil.example", "name": "x"}, 422),
        ({"name": "  "}, 422),
        ({"query": "a#b", "name": "x"}, 422),
    ],
)
def test_what_cannot_be_kept_is_refused(
    client: TestClient, ada: Headers, change: dict[str, str], status: int
) -> None:
    client.post(URL, json=VIEW, headers=ada)
    assert client.post(URL, json=VIEW | change, headers=ada).status_code == status


def test_one_keeps_only_so_many(
    client: TestClient, ada: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MOST", 1)
    assert client.post(URL, json=VIEW, headers=ada).status_code == 201
    answer = client.post(URL, json=VIEW | {"name": "two"}, headers=ada)
    assert (answer.status_code, "at most 1 views" in answer.text) == (422, True)
