"""Alerts over HTTP: looked for, handled by the many, silenced, routed."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from api.conftest import Headers, Issue
from quarterdeck.api.examples import BODIES

DESK = "/api/v1/alerts"


@pytest.fixture
def sre(issue: Issue) -> Headers:
    return issue("sre", "acme", home="acme")


@pytest.fixture
def fired(client: TestClient, sre: Headers) -> list[dict[str, Any]]:
    """Two alerts of one type and one of another, newest first."""
    body = [
        {"labels": {"alertname": "Down", "node": "a", "severity": "critical"}},
        {"labels": {"alertname": "Down", "node": "b", "severity": "info"}},
        {
            "labels": {"alertname": "HighCpu", "resource": "vm-1", "severity": "warning"},
            "annotations": {"summary": "CPU over 90 %", "runbook_url": "https://wiki.example/cpu"},
        },
    ]
    assert client.post("/api/v2/alerts", json=body, headers=sre).status_code == 200
    found: list[dict[str, Any]] = client.get(DESK, headers=sre).json()["alerts"]
    return found


def ids(client: TestClient, headers: Headers, **query: object) -> list[int]:
    answer = client.get(DESK, params=query, headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["alerts"]]


def test_alerts_are_looked_for(
    client: TestClient, sre: Headers, fired: list[dict[str, Any]]
) -> None:
    by_type = {one["type"]: one["id"] for one in fired}
    assert ids(client, sre, type="HighCpu") == [by_type["HighCpu"]]
    assert ids(client, sre, label=["node=a", "alertname=Down"], severity="critical")
    assert ids(client, sre, q="cpu") == [by_type["HighCpu"]]
    assert ids(client, sre, state="resolved") == []
    assert client.get(f"{DESK}?label=node", headers=sre).status_code == 422
    assert client.get(f"{DESK}?state=burning", headers=sre).status_code == 422
    first = client.get(f"{DESK}?limit=2", headers=sre)
    more = client.get(first.links["next"]["url"], headers=sre)
    pages = [one["id"] for answer in (first, more) for one in answer.json()["alerts"]]
    assert pages == [one["id"] for one in fired]
    assert first.json()["counts"] == {"firing": 3}


@pytest.mark.census("CG-002", "CG-007")
def test_events_are_listed_and_acknowledged_under_both_paths(
    client: TestClient, sre: Headers, fired: list[dict[str, Any]]
) -> None:
    for path in ("/alerts/events", "/api/v1/alerts/events"):
        events = client.get(path, headers=sre).json()
        [cpu] = [one for one in events if one["rule"] == "HighCpu"]
        assert cpu.keys() >= {"id", "rule", "resource", "time", "state"}
        assert (cpu["resource"], len(events)) == ("vm-1", 3)
    for path, body in (("/alerts/events", None), ("/api/v1/alerts/events", {})):
        alert = fired[0]["id"]
        answer = client.put(f"{path}/{alert}/acknowledge", json=body, headers=sre)
        assert (answer.status_code, answer.json()["state"]) == (200, "acknowledged")
        first = answer.json()["acknowledged_by"], answer.json()["acknowledged_at"]
        said = {"acknowledged_by": "somebody else"}
        again = client.put(f"{path}/{alert}/acknowledge", json=said, headers=sre).json()
        assert (again["acknowledged_by"], again["acknowledged_at"]) == first
        assert client.put(f"{path}/999/acknowledge", headers=sre).status_code == 404
        assert client.put(f"{path}/x/acknowledge", headers=sre).status_code == 422
    client.post(f"/api/v1/sync/alerts/{fired[1]['id']}/resolve", headers=sre)
    ended = client.put(f"/alerts/events/{fired[1]['id']}/acknowledge", headers=sre)
    assert ended.status_code == 409


@pytest.mark.census("AG-132")
def test_all_of_a_type_are_resolved_and_taken_back(
    client: TestClient, sre: Headers, fired: list[dict[str, Any]]
) -> None:
    done = client.post(f"{DESK}/resolve", json={"types": ["Down"], "by": "Ada"}, headers=sre)
    assert [one["type"] for one in client.get(DESK, headers=sre).json()["alerts"]] == ["HighCpu"]
    account = client.get(f"{DESK}/{done.json()['changed'][0]}", headers=sre).json()
    assert (account["alert"]["resolved_by"], account["history"][-1]["state"]) == ("Ada", "resolved")
    back = client.post(done.json()["undo"], json={"ids": done.json()["changed"]}, headers=sre)
    assert back.json()["changed"] == done.json()["changed"]
    assert len(client.get(DESK, headers=sre).json()["alerts"]) == len(fired)


@pytest.mark.usefixtures("fired")
def test_that_all_are_meant_is_not_taken_for_granted(client: TestClient, sre: Headers) -> None:
    for how in ("acknowledge", "unacknowledge", "resolve", "reopen"):
        assert client.post(f"{DESK}/{how}", json={}, headers=sre).status_code == 422
        assert client.post(f"{DESK}/{how}", json={"ids": [2**40]}, headers=sre).status_code == 422
    assert len(client.get(DESK, headers=sre).json()["alerts"]) == 3


@pytest.mark.usefixtures("fired")
def test_an_alert_of_another_tenant_is_not_there(
    client: TestClient, sre: Headers, eve: Headers, fired: list[dict[str, Any]]
) -> None:
    alert = fired[0]["id"]
    assert client.get(f"{DESK}/{alert}", headers=eve).status_code == 404
    body = {"ids": [alert]}
    assert client.post(f"{DESK}/resolve", json=body, headers=eve).status_code == 404
    assert client.put(f"/alerts/events/{alert}/acknowledge", headers=eve).status_code == 404
    assert client.get("/alerts/events", headers=eve).json() == []
    assert client.get(f"{DESK}/{alert}", headers=sre).json()["alert"]["state"] == "firing"


@pytest.mark.census("ATP-040")
def test_every_alert_leads_to_what_answers_it(
    client: TestClient, sre: Headers, fired: list[dict[str, Any]]
) -> None:
    links = {one["type"]: one["runbook"] for one in fired}
    assert links["HighCpu"] == "https://wiki.example/cpu"
    assert links["Down"].endswith("#respond")
    assert client.get(f"{DESK}/{fired[0]['id']}", headers=sre).json()["alert"]["runbook"]


@pytest.mark.usefixtures("fired")
def test_a_silence_is_previewed_made_and_expired(client: TestClient, sre: Headers) -> None:
    asked = {"tenant": "acme", "matchers": ["alertname=Down", 'node=~"a|z"']}
    shown = client.post("/api/v1/silences/preview", json=asked, headers=sre).json()
    assert (shown["count"], shown["alerts"][0]["labels"]["node"]) == (1, "a")
    made = client.post("/api/v1/silences", json=asked | {"duration_s": 60}, headers=sre)
    assert made.status_code == 201
    listed = client.get("/api/v1/silences", headers=sre).json()["silences"]
    assert [one["state"] for one in listed] == ["active"]
    muted = client.get(f"{DESK}?label=node=a", headers=sre).json()["alerts"][0]["id"]
    account = client.get(f"{DESK}/{muted}", headers=sre).json()
    assert account["muted"]["silences"] == [made.json()["id"]]
    for wanted, count in (
        ({"state": "active"}, 1),
        ({"state": "pending"}, 0),
        ({"state": ["active", "expired"]}, 1),
    ):
        answer = client.get("/api/v1/silences", params=wanted, headers=sre)
        assert len(answer.json()["silences"]) == count
    assert client.get("/api/v1/silences?state=over", headers=sre).status_code == 422
    for asked_for, count in (
        ("alertname=Down", 1),
        ('alertname!="Up"', 1),
        ('cluster!="eu"', 1),  # it says nothing of a cluster
        ('cluster=""', 1),
        ("cluster=eu", 0),
        ('node!=""', 1),
        ("node=a", 0),  # it is about a|z
    ):
        answer = client.get("/api/v2/silences", params={"filter": asked_for}, headers=sre)
        assert (asked_for, len(answer.json())) == (asked_for, count)
    over = client.delete(f"/api/v1/silences/{made.json()['id']}", headers=sre)
    assert over.json()["state"] == "expired"
    assert client.delete(f"/api/v1/silences/{made.json()['id']}", headers=sre).status_code == 409
    for wrong in (["node=~"], ["a=~("], ["node"], []):
        refused = client.post(
            "/api/v1/silences", json={"tenant": "acme", "matchers": wrong}, headers=sre
        )
        assert refused.status_code == 422, wrong


def test_routing_is_applied_shown_and_tried(client: TestClient, sre: Headers) -> None:
    path = "/api/v1/routing/acme"
    assert client.get(path, headers=sre).status_code == 404
    text = BODIES["apply_routing"]["text"]
    secret = text.replace('pager"}]', 'pager", http_config: {authorization: {credentials: hush}}}]')
    assert "hush" in secret
    applied = client.put(path, json={"text": secret}, headers=sre)
    assert (applied.status_code, applied.json()["version"]) == (200, 1)
    shown = [
        client.get(one, headers=sre).text for one in (path, f"{path}/versions", "/api/v2/status")
    ]
    assert not any("hush" in one for one in shown)
    back = {"text": client.get(path, headers=sre).json()["text"]}
    for again in (
        client.put(path, json=back, headers=sre),
        client.post(f"{path}/check", json=back, headers=sre),
    ):
        assert (again.status_code, "put it in again" in again.json()["detail"]) == (422, True)
    labels = {"labels": {"severity": "critical", "alertname": "x"}}
    [route] = client.post(f"{path}/test", json=labels, headers=sre).json()["routes"]
    assert (route["receiver"], route["group_wait_s"]) == ("pager", 0)
    refused = client.put(path, json={"text": text.replace("team", "crew", 1)}, headers=sre)
    assert refused.status_code == 422
    assert refused.json()["detail"].startswith("line 2: undefined receiver")
    assert client.get(f"{path}/versions", headers=sre).json()["versions"][0]["version"] == 1
    assert client.get("/api/v2/receivers", headers=sre).json() == [
        {"name": "team"},
        {"name": "pager"},
    ]
    assert client.get("/api/v1/notifications", headers=sre).json()["late"] == 0


@pytest.mark.usefixtures("fired")
def test_groups_and_receivers_are_told_as_alertmanager_does(
    client: TestClient, sre: Headers
) -> None:
    client.put("/api/v1/routing/acme", json=BODIES["apply_routing"], headers=sre)
    groups = client.get("/api/v2/alerts/groups", headers=sre).json()
    told = [(g["labels"], g["receiver"]["name"], len(g["alerts"])) for g in groups]
    assert told == [
        ({"alertname": "Down"}, "pager", 1),
        ({"alertname": "Down"}, "team", 1),
        ({"alertname": "HighCpu"}, "team", 1),
    ]
    only = client.get("/api/v2/alerts?receiver=pag.*", headers=sre).json()
    assert [one["labels"]["node"] for one in only] == ["a"]
    assert client.get("/api/v2/alerts?receiver=(", headers=sre).status_code == 400


def test_a_producer_pushes_and_does_nothing_else(client: TestClient, issue: Issue) -> None:
    producer = issue("producer", "acme", home="acme")
    body = [{"labels": {"alertname": "x"}}]
    assert client.post("/api/v2/alerts", json=body, headers=producer).status_code == 200
    assert client.get("/api/v2/alerts", headers=producer).status_code == 403
    assert client.get(DESK, headers=producer).status_code == 403


def test_bodies_that_no_database_can_hold_are_refused(client: TestClient, sre: Headers) -> None:
    for labels in ({"a": "\0"}, {"\0": "a"}):
        answer = client.post("/api/v2/alerts", json=[{"labels": labels}], headers=sre)
        assert answer.status_code == 400
    far = [{"labels": {"a": "b"}, "endsAt": "9999-12-31T23:59:59-23:00", "generatorURL": "\0"}]
    assert client.post("/api/v2/alerts", json=far, headers=sre).status_code == 200
    assert len(client.get("/api/v2/alerts", headers=sre).json()) == 1
    matcher = {"name": "a", "value": "b", "isRegex": False}
    silence = {"matchers": [matcher], "startsAt": "2026-01-01T00:00:00Z", "createdBy": "\0"}
    silence |= {"endsAt": "2099-01-01T00:00:00Z", "comment": "x"}
    assert client.post("/api/v2/silences", json=silence, headers=sre).status_code == 400


def test_what_is_noise_is_reported_by_type(
    client: TestClient, sre: Headers, fired: list[dict[str, Any]]
) -> None:
    assert len(fired) == 3
    found = client.get(f"{DESK}/noise", params={"days": 7}, headers=sre).json()
    assert found["days"] == 7
    assert [(one["type"], one["fired"], one["share"]) for one in found["types"]] == [
        ("Down", 2, 0.0),
        ("HighCpu", 1, 0.0),
    ]
    assert client.get(f"{DESK}/noise?days=0", headers=sre).status_code == 422
    assert client.get(f"{DESK}/noise?tenant=beta", headers=sre).status_code == 404
