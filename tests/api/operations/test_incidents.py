"""Incidents over HTTP."""

from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader
from starlette.testclient import TestClient

from api.conftest import Headers, Issue
from operations.incidents.chatted import LINK, chatted
from quarterdeck.access.principals.model import installation
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.work import begin
from quarterdeck.operations.incidents.service.chatting import ABSENT
from quarterdeck.runtime import Runtime

HERE = "/api/v1/incidents"
SPEC = {"tenant": "acme", "symptom": "High Latency", "severity": "SEV-2", "service": "web"}
FULL = {
    "tenants": ["acme"],
    "impact": {"partial": True, "users": "slow"},
    "temporary": "pool raised",
    "validated": "probes are green",
    "root_cause": ["pool exhausted"],
    "assignee": "tom",
}


@pytest.fixture
def incident(client: TestClient, ada: Headers) -> str:
    made = client.post(HERE, json=SPEC, headers=ada)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def test_an_incident_is_led_from_its_declaration_to_its_end(
    client: TestClient, ada: Headers, incident: str
) -> None:
    one = f"{HERE}/{incident}"

    def send(method: str, path: str, body: object = None, status: int = 200) -> dict[str, Any]:
        asked = client.request(method, f"{one}{path}", json=body, headers=ada)
        assert asked.status_code == status, asked.text
        found: dict[str, Any] = asked.json()
        return found

    assert send("POST", "/acknowledge", {"note": "ETA: 15 min"})["stage"] == "acknowledgement"
    assert send("POST", "/acknowledge")["acknowledged"]["note"] == "ETA: 15 min"
    refused = send("POST", "/advance", {"to": "Resolved"}, 409)
    assert "the impact" in refused["detail"]
    assert send("PATCH", "?expected_version=2", FULL)["impact"]["partial"] is True
    send("PATCH", "?expected_version=2", {"region": "EU"}, 409)
    assert send("POST", "/entries", {"kind": "action", "text": "restarted"})["id"] == incident
    assert send("PUT", "/roles/ic", {"person": "ada"})["roles"] == {"ic": "ada"}
    assert send("PUT", "/checklist/1", {"note": "x"})["checklist"][0]["done"]["note"] == "x"
    assert send("POST", "/actions", {"text": "raise the pool"}, 201)["number"] == 1
    assert client.get(f"{HERE}/actions", headers=ada).json()["actions"][0]["number"] == 1
    assert send("PUT", "/actions/1", {})["done_by"]
    assert client.get(f"{HERE}/actions", headers=ada).json() == {"actions": []}
    assert send("POST", "/room")["war_room"].startswith("#incident-")
    assert send("POST", "/advance", {"to": "recovery"})["status"] == "Mitigated"
    assert send("POST", "/advance", {"to": "Resolved"})["resolved_at"]
    send("PUT", "/postmortem", {"summary": "it was full"})
    assert send("POST", "/close")["closed_at"]
    assert send("POST", "/sign")["postmortem"]["approved"]["by"]
    _is_told_whole(client, ada, one)


def _is_told_whole(client: TestClient, ada: Headers, one: str) -> None:
    account = client.get(one, headers=ada).json()
    assert [clock["name"] for clock in account["clocks"] if clock["overdue"]] == []
    assert account["timeline"][0]["text"] == "Declared: [SEV-2] web High Latency"
    assert (account["next_stage"], account["lacks"]) == (None, [])
    report = client.get(f"{one}/report?form=postmortem", headers=ada)
    assert report.headers["content-type"].startswith("text/markdown")
    assert "## What happened\nit was full" in report.text
    asked = f"{one}/report?form=postmortem&format=pdf"
    paper = client.get(asked, headers=ada)
    assert paper.headers["content-type"] == "application/pdf"
    assert paper.headers["content-disposition"].endswith('-postmortem.pdf"')
    assert "it was full" in PdfReader(BytesIO(paper.content)).pages[0].extract_text()
    assert client.get(asked, headers=ada).content == paper.content
    assert client.get(f"{one}/report?format=doc", headers=ada).status_code == 422
    paces = client.get(f"{HERE}/paces?tenant=acme", headers=ada).json()["severities"]
    assert [(one["severity"], one["incidents"]) for one in paces] == [("SEV-2", 1)]


@pytest.mark.census("ATP-147", "ATP-148")
def test_what_no_incident_can_be_is_refused_with_its_field(
    client: TestClient, ada: Headers, incident: str, issue: Issue
) -> None:
    one = f"{HERE}/{incident}"
    wrongs: list[tuple[str, str, object]] = [
        ("POST", HERE, SPEC | {"severity": "SEV-5"}),
        ("POST", HERE, SPEC | {"symptom": " "}),
        ("POST", HERE, SPEC | {"source": "rumour"}),
        ("POST", HERE, SPEC | {"severity": "", "impact_word": "many"}),
        ("POST", HERE, SPEC | {"flags": ["smoke"]}),
        ("POST", f"{one}/severity", {"severity": "SEV-9", "why": "x"}),
        ("POST", f"{one}/severity", {"severity": "SEV-1", "why": " "}),
        ("POST", f"{one}/advance", {"to": "Closed"}),
        ("POST", f"{one}/entries", {"kind": "stage", "text": "x"}),
        ("PUT", f"{one}/roles/boss", {"person": "x"}),
        ("PATCH", one, {"links": {"door": "https://x.example"}}),
        ("PUT", f"{one}/regulators/SEC", {}),
    ]
    for method, path, body in wrongs:
        asked = client.request(method, path, json=body, headers=ada)
        assert asked.status_code == 422, (path, body, asked.text)
    reader = issue("auditor", "acme")
    assert client.get(one, headers=reader).status_code == 200
    assert client.post(f"{one}/entries", json={"text": "x"}, headers=reader).status_code == 403
    other = issue("admin", "other", home="other")
    assert client.get(one, headers=other).status_code == 404
    assert client.post(HERE, json=SPEC, headers=other).status_code == 404


def test_incidents_are_listed_by_pages_open_first(
    client: TestClient, ada: Headers, incident: str
) -> None:
    ids = [client.post(HERE, json=SPEC, headers=ada).json()["id"] for _ in range(2)]
    client.patch(f"{HERE}/{ids[0]}", json=FULL, headers=ada)
    assert client.post(f"{HERE}/{ids[0]}/advance", json={"to": "Resolved"}, headers=ada).is_success
    seen, path = [], f"{HERE}?tenant=acme&limit=1"
    while path:
        page = client.get(path, headers=ada)
        seen += [one["id"] for one in page.json()["incidents"]]
        path = page.links.get("next", {}).get("url", "")
    assert seen == [ids[1], incident, ids[0]]
    over = client.get(f"{HERE}?state=resolved", headers=ada).json()["incidents"]
    assert [one["id"] for one in over] == [ids[0]]
    keyed = [client.post(HERE, json=SPEC | {"key": "k"}, headers=ada) for _ in range(2)]
    assert [one.status_code for one in keyed] == [201, 200]


def test_an_account_says_where_its_channel_in_slack_is_or_why_there_is_none(
    client: TestClient, ada: Headers, incident: str, runtime: Runtime
) -> None:
    def chat() -> object:
        return client.get(f"{HERE}/{incident}", headers=ada).json()["chat"]

    assert chat() == {"links": [], "why": ABSENT}
    with begin(runtime.engine, installation(), utc_now) as work:
        chatted(work, incident)
    assert chat() == {"links": [LINK], "why": ""}
