"""Policies and pages over HTTP."""

from starlette.testclient import TestClient

from api.conftest import Headers, Issue
from operations.escalation.stage import POLICY
from quarterdeck.operations.escalation.service.timing import Timers
from quarterdeck.runtime import Runtime

POLICIES = "/api/v1/escalation/policies"
ONE = f"{POLICIES}/acme/incidents"
PAGES = "/api/v1/pages"
NEW = {"tenant": "acme", "policy": "incidents", "title": "It is down", "severity": "P1"}
ROUTING = """\
route: {receiver: pager, group_by: [alertname]}
receivers:
  - {name: pager, page_configs: [{policy: incidents}]}
"""


def test_a_policy_is_applied_looked_at_and_put_back(client: TestClient, ada: Headers) -> None:
    made = client.put(ONE, json={"text": POLICY, "expected_version": 0}, headers=ada).json()
    assert (made["changed"], made["policy"]["version"]) == (True, 1)
    assert made["notes"] == [
        "L1: no schedule 'primary'",
        "L2: no schedule 'secondary'",
    ]
    levels = client.get(ONE, headers=ada).json()["levels"]
    assert levels[1]["engage_at_min"] == {"SEV-1": 30, "SEV-2": 60}
    assert levels[2]["at_once_with"] == ["major-outage"]
    stale = client.put(ONE, json={"text": POLICY, "expected_version": 0}, headers=ada)
    assert stale.status_code == 409
    wrong = client.put(ONE, json={"text": "levels: []"}, headers=ada)
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "#/text")
    assert client.delete(f"{ONE}?expected_version=1", headers=ada).status_code == 204
    assert client.post(f"{ONE}/rollback", json={"version": 1}, headers=ada).json()["version"] == 3
    versions = client.get(f"{ONE}/versions", headers=ada).json()["versions"]
    assert [one["how"] for one in versions] == ["put back to 1", "deleted", "applied"]
    assert len(client.get(f"{POLICIES}?tenant=acme", headers=ada).json()["policies"]) == 1


def test_a_page_is_opened_changed_answered_and_ended(client: TestClient, ada: Headers) -> None:
    client.put(ONE, json={"text": POLICY}, headers=ada)
    made = client.post(PAGES, json=NEW | {"key": "k", "flags": ["major-outage"]}, headers=ada)
    assert (made.status_code, made.json()["severity"]) == (201, "SEV-1")
    page = made.json()["id"]
    assert client.post(PAGES, json=NEW | {"key": "k"}, headers=ada).json()["id"] == page
    found = client.get(f"{PAGES}/{page}", headers=ada).json()
    at_once = [one for one in found["steps"] if one["due_at"] == found["opened_at"]]
    assert [(one["level"], one["kind"]) for one in at_once] == [
        ("L1", "engage"),
        ("L2", "notify"),
        ("L3", "engage"),
    ]
    changed = client.post(f"{PAGES}/{page}/change", json={"severity": "SEV-2"}, headers=ada)
    assert changed.json()["severity"] == "SEV-2"
    assert [one["id"] for one in client.get(PAGES, headers=ada).json()["pages"]] == [page]
    done = client.post(f"{PAGES}/{page}/acknowledge", json={"by": "Ada"}, headers=ada).json()
    assert (done["state"], done["acknowledged_by"], done["means"]) == ("acknowledged", "Ada", "api")
    assert client.post(f"{PAGES}/{page}/resolve", headers=ada).json()["state"] == "resolved"
    assert client.post(f"{PAGES}/{page}/acknowledge", headers=ada).status_code == 409
    assert client.get(PAGES, headers=ada).json() == {"pages": []}
    over = client.get(f"{PAGES}?state=resolved", headers=ada).json()["pages"]
    assert [one["id"] for one in over] == [page]
    history = client.get(f"{PAGES}/{page}", headers=ada).json()["history"]
    assert [one["what"] for one in history] == ["opened", "changed", "acknowledged", "resolved"]


def test_a_persons_link_is_shown_to_nobody_else(
    client: TestClient, ada: Headers, runtime: Runtime
) -> None:
    text = "levels: [{name: L1, targets: [mail a@example.com], notify_at: 0}]"
    client.put(ONE, json={"text": text}, headers=ada)
    page = client.post(PAGES, json=NEW, headers=ada).json()["id"]
    Timers(engine=runtime.engine, clock=runtime.clock, url="https://qd.example").beat()
    [sent] = client.get("/api/v1/messages", headers=ada).json()["messages"]
    assert [one["label"] for one in sent["content"]["links"]] == ["Page"]
    for path in (f"/api/v1/messages/{sent['id']}", f"{PAGES}/{page}"):
        assert "/p/" not in client.get(path, headers=ada).text


def test_what_cannot_be_is_refused(client: TestClient, ada: Headers, issue: Issue) -> None:
    client.put(ONE, json={"text": POLICY}, headers=ada)
    for wrong in ({"title": ""}, {"flags": ["Not a flag"]}, {"title": "a\0b"}, {"more": 1}):
        assert client.post(PAGES, json=NEW | wrong, headers=ada).status_code == 422, wrong
    assert client.post(PAGES, json=NEW | {"policy": "gone"}, headers=ada).status_code == 404
    reader = issue("auditor")
    assert client.post(PAGES, json=NEW, headers=reader).status_code == 403
    assert client.get(PAGES, headers=reader).status_code == 200


def test_who_is_woken_by_an_alert_is_told_with_its_holes(client: TestClient, ada: Headers) -> None:
    asked = f"{PAGES}/who-is-woken?tenant=acme&label=alertname=Down&label=severity=critical"
    assert client.get(asked, headers=ada).json()["routes"] == []
    client.put("/api/v1/routing/acme", json={"text": ROUTING}, headers=ada)
    client.put(ONE, json={"text": POLICY}, headers=ada)
    found = client.get(asked, headers=ada).json()
    [page] = found["routes"][0]["pages"]
    assert (found["sound"], page["policy"], page["severity"]) == (False, "incidents", "SEV-1")
    boss = page["wakings"][-2]
    assert (boss["level"], boss["by"]) == ("L3", "boss@example.com")
    assert [one["level"] for one in page["holes"]] == ["L1", "L2"]
    assert "there is no such schedule" in page["holes"][0]["why"]
    assert client.get(f"{PAGES}/who-is-woken?alert=7", headers=ada).status_code == 404
