"""Alert rules over HTTP: written, looked at, tried, taken back, carried in and out."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.conftest import Headers, Issue
from operations.rules.test_forms import PHOENIX, SYNC

RULES = "/api/v1/alert-rules"
CPU = {
    "threshold": {"of": "cpu", "is": ">", "value": 80},
    "for": "PT5M",
    "severity": "critical",
    "runbook": "https://wiki.example/cpu",
}


@pytest.fixture
def sre(issue: Issue) -> Headers:
    return issue("sre", "acme", home="acme")


def put(client: TestClient, headers: Headers, name: str = "high-cpu", **more: Any) -> Any:  # noqa: ANN401  an answer
    body = {"rule": {**CPU, **more.pop("rule", {})}, **more}
    return client.put(f"{RULES}/acme/{name}", json=body, headers=headers)


def test_a_rule_is_written_listed_changed_and_had_back(client: TestClient, sre: Headers) -> None:
    made = put(client, sre)
    assert (made.status_code, made.json()["version"]) == (200, 1)
    assert made.json()["promql"] == "cpu > 80"
    found = client.get(RULES, headers=sre).json()
    assert [one["name"] for one in found["rules"]] == ["high-cpu"]
    assert found["counts"] == {"unknown": 1}
    assert found["rules"][0]["standing"]["reason"] == "not evaluated yet"
    changed = {"threshold": {**CPU["threshold"], "value": 90}}  # type: ignore[dict-item]
    assert put(client, sre, rule=changed, why="too often", expected_version=1).status_code == 200
    assert put(client, sre, rule=changed, expected_version=1).status_code == 409
    diff = client.get(f"{RULES}/acme/high-cpu/diff?old=1&new=2", headers=sre).json()["diff"]
    assert "+  value: 90.0" in diff
    back = client.post(f"{RULES}/acme/high-cpu/rollback", json={"version": 1}, headers=sre)
    assert back.json()["rule"]["threshold"]["value"] == 80
    for how, state in (("disable", "disabled"), ("enable", "unknown")):
        done = client.post(f"{RULES}/acme/high-cpu/{how}", json={"why": "x"}, headers=sre)
        assert done.json()["standing"]["state"] == state
    assert client.get(f"{RULES}?state=firing", headers=sre).json()["rules"] == []
    gone = client.delete(f"{RULES}/acme/high-cpu?why=unused", headers=sre)
    assert gone.status_code == 204
    assert client.get(f"{RULES}/acme/high-cpu", headers=sre).status_code == 404
    versions = client.get(f"{RULES}/acme/high-cpu/versions", headers=sre).json()["versions"]
    assert [one["how"] for one in versions][:2] == ["deleted", "enabled"]
    assert versions[0]["why"] == "unused"


def test_a_rule_is_tried_at_a_time(client: TestClient, sre: Headers, issue: Issue) -> None:
    put(client, sre)
    asked = f"{RULES}/acme/high-cpu/test"
    unknown = client.get(asked, params={"at": "2026-03-01T12:06:00Z"}, headers=sre).json()
    assert unknown["standing"]["state"] == "unknown"
    sample = {"metric": "cpu", "labels": {"host": "a"}, "value": 85}
    producer = issue("producer", "acme", home="acme")
    sent = client.post("/api/v1/metrics/samples", json={"samples": [sample]}, headers=producer)
    assert sent.is_success, sent.text
    pending = client.get(asked, headers=sre).json()
    assert pending["standing"]["state"] == "pending"
    assert [(one["value"], one["holds"]) for one in pending["values"]] == [(85, True)]
    tried = {"rule": {"name": "x", **CPU, "threshold": {"of": "mem", "value": 1}}}
    found = client.post(f"{RULES}/acme/test", json=tried, headers=sre).json()
    assert (found["standing"]["state"], found["values"]) == ("unknown", [])
    assert client.get(f"{asked}?at=noon", headers=sre).status_code == 422
    for at in ("1969-12-31T23:59:59Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"):
        refused = client.get(asked, params={"at": at}, headers=sre)
        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/UnusableInstant")
        refused = client.post(f"{RULES}/acme/test", json={**tried, "at": at}, headers=sre)
        assert refused.status_code == 422


def test_rules_of_others_come_in_and_go_out(client: TestClient, sre: Headers) -> None:
    path = f"{RULES}/acme/import"
    read = client.post(path, json={"text": PHOENIX, "dry_run": True}, headers=sre).json()
    assert (read["form"], read["created"], read["unchanged"]) == ("json", ["high-cpu-usage"], [])
    assert client.get(RULES, headers=sre).json()["rules"] == []
    for text, form, many in ((PHOENIX, "json", 1), (SYNC, "sync-yaml", 3)):
        done = client.post(path, json={"text": text}, headers=sre).json()
        assert (done["form"], len(done["created"])) == (form, many)
    out = client.get(f"{RULES}/acme/export?form=json", headers=sre).json()["text"]
    assert json.loads(out) == json.loads(PHOENIX)
    assert "high_error_rate" in client.get(f"{RULES}/acme/export", headers=sre).json()["text"]
    done = client.post(f"{RULES}/acme/catalogue", json={}, headers=sre).json()
    assert len(done["created"]) == 13
    refused = client.post(path, json={"text": PHOENIX.replace("PT5M", "5 minutes")}, headers=sre)
    assert (refused.status_code, "PT5M" in refused.json()["detail"]) == (422, True)


def test_pages_follow_each_other(client: TestClient, sre: Headers) -> None:
    for name in ("a", "b", "c"):
        put(client, sre, name)
    first = client.get(f"{RULES}?limit=2", headers=sre)
    more = client.get(first.links["next"]["url"], headers=sre)
    names = [one["name"] for page in (first, more) for one in page.json()["rules"]]
    assert names == ["a", "b", "c"]


def test_who_reads_alerts_writes_no_rules(
    client: TestClient, sre: Headers, issue: Issue, eve: Headers
) -> None:
    reader = issue("auditor", "acme", home="acme")
    put(client, sre)
    assert client.get(f"{RULES}/acme/high-cpu", headers=reader).status_code == 200
    assert put(client, reader).status_code == 403
    assert client.get(f"{RULES}/acme/high-cpu", headers=eve).status_code == 404
    assert client.get(RULES, headers=eve).json()["rules"] == []
    assert put(client, sre, rule={"runbook": ""}).status_code == 422
    assert put(client, sre, rule={"name": "other"}).status_code == 422
    assert put(client, sre, "export").status_code == 422
