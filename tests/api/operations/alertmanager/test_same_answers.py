"""The same requests to Debian's Alertmanager and to us: the same answers."""

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from api.conftest import Headers, Issue
from servers import prometheus

CONFIG = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"
FAR = "2099-01-01T00:00:00Z"
NODE = {"name": "node", "value": "a", "isRegex": False, "isEqual": True}
MORE = {"createdBy": "ada", "comment": "at work", "startsAt": "2026-01-01T00:00:00Z"}


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    if reason := prometheus.missing(prometheus.ALERTMANAGER):
        pytest.skip(reason)
    with (
        prometheus.alertmanager(tmp_path_factory.mktemp("theirs"), CONFIG) as url,
        httpx2.Client(base_url=url) as client,
    ):
        yield client


@pytest.fixture
def sre(issue: Issue) -> Headers:
    return issue("sre", "acme", home="acme")


Answer = tuple[int, Any]


def ask(client: Any, method: str, path: str, body: object, headers: Headers | None) -> Answer:  # noqa: ANN401  either client
    sent: dict[str, Any] = {"headers": headers}
    if isinstance(body, bytes):
        sent = {"content": body, "headers": {"Content-Type": "application/json"} | (headers or {})}
    elif method == "POST":
        sent["json"] = body
    answer = client.request(method, f"/api/v2{path}", **sent)
    return answer.status_code, answer.json() if answer.content else None


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/alerts", []),
        ("/alerts", [{"labels": {"alertname": "x"}}]),
        ("/alerts", [{"labels": {}}]),
        ("/alerts", [{"labels": {"a": ""}}]),
        ("/alerts", [{"labels": {"a": "b"}, "endsAt": FAR, "startsAt": "2100-01-01T00:00:00Z"}]),
        ("/silences", {**MORE, "matchers": [NODE], "endsAt": "2020-01-01T00:00:00Z"}),
        ("/silences", {**MORE, "matchers": [NODE], "endsAt": "2026-01-02T00:00:00Z"}),
        ("/silences", {**MORE, "matchers": [NODE], "endsAt": FAR, "id": "no-such-one"}),
    ],
)
def test_bodies_are_taken_and_refused_alike(
    client: TestClient, theirs: httpx2.Client, sre: Headers, path: str, body: object
) -> None:
    ours, others = ask(client, "POST", path, body, sre), ask(theirs, "POST", path, body, None)
    assert ours[0] == others[0], (ours, others)
    if isinstance(others[1], str):
        assert isinstance(ours[1], str)
        assert ours[1].split(": ")[-1] == others[1].split(": ")[-1]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/alerts", b"{"),
        ("/alerts", b"{}"),
        ("/alerts", b'[{"annotations":{}}]'),
        ("/alerts", b'[{"labels":{"a":1}}]'),
        ("/alerts", b'[{"labels":{"a":"b"},"startsAt":"yesterday"}]'),
        ("/silences", b"[]"),
        ("/silences", b"{}"),
    ],
)
def test_bodies_of_no_form_are_refused(
    client: TestClient, theirs: httpx2.Client, sre: Headers, path: str, body: bytes
) -> None:
    ours, others = ask(client, "POST", path, body, sre), ask(theirs, "POST", path, body, None)
    assert {ours[0], others[0]} <= {400, 422}
    assert ours[1].keys() == others[1].keys()


def test_an_alert_is_shown_alike(client: TestClient, theirs: httpx2.Client, sre: Headers) -> None:
    body = [
        {
            "labels": {"alertname": "Größe", "empty": "", "node": "a"},
            "annotations": {"summary": "es brennt"},
            "startsAt": "2026-01-01T00:00:00.123456789Z",
            "endsAt": FAR,
            "generatorURL": "http://prometheus.example/graph?g0.expr=up",
        }
    ]
    found = []
    for asking, headers in ((client, sre), (theirs, None)):
        assert ask(asking, "POST", "/alerts", body, headers)[0] == 200
        alerts = ask(asking, "GET", "/alerts?filter=node%3D%22a%22", None, headers)[1]
        [one] = [a for a in alerts if a["labels"].get("alertname") == "Größe"]
        del one["updatedAt"], one["receivers"], one["status"]
        found.append(one)
    assert found[0] == found[1]


@pytest.mark.parametrize("path", ["/alerts?filter=a", "/silences?filter=a", "/silence/nothing"])
def test_what_cannot_be_read_is_refused_alike(
    client: TestClient, theirs: httpx2.Client, sre: Headers, path: str
) -> None:
    ours, others = ask(client, "GET", path, None, sre), ask(theirs, "GET", path, None, None)
    assert ours[0] in (400, 404)
    assert ours[0] == others[0] or path == "/silence/nothing"


def test_a_token_of_many_tenants_names_one(client: TestClient, ada: Headers) -> None:
    assert client.get("/api/v2/alerts", headers=ada).status_code == 400
    body = [{"labels": {"alertname": "x"}}]
    assert client.post("/t/acme/api/v2/alerts", json=body, headers=ada).status_code == 200
    assert len(client.get("/t/acme/api/v2/alerts", headers=ada).json()) == 1
    assert client.get("/t/other/api/v2/alerts", headers=ada).json() == []


def test_one_tenants_token_opens_no_others_alerts(
    client: TestClient, sre: Headers, eve: Headers
) -> None:
    body = [{"labels": {"alertname": "x"}}]
    assert client.post("/api/v2/alerts", json=body, headers=sre).status_code == 200
    assert client.get("/api/v2/alerts", headers=eve).json() == []
    assert client.get("/t/acme/api/v2/alerts", headers=eve).status_code == 404
    assert client.post("/t/acme/api/v2/alerts", json=body, headers=eve).status_code == 404


def test_basic_credentials_open_nothing_else(client: TestClient, sre: Headers) -> None:
    token = sre["Authorization"].removeprefix("Bearer ")
    asked = {"auth": ("grafana", token)}
    assert client.get("/api/v2/alerts", **asked).status_code == 200  # type: ignore[arg-type]
    assert client.get("/api/v1/sync/alerts", **asked).status_code == 401  # type: ignore[arg-type]
    accented = b64encode("any:\u00e9".encode()), b64encode(b"any:\xe9"), b"\xe9", b"\xc3\xa9"
    for wrong in (b"???", *accented):
        headers = [(b"Authorization", b"Basic " + wrong)]
        assert client.get("/api/v2/alerts", headers=headers).status_code == 401, wrong
    bearer = [(b"Authorization", b"Bearer \xe9")]
    assert client.get("/api/v2/alerts", headers=bearer).status_code == 401
