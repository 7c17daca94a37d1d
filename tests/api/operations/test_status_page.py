"""The status page over HTTP: written by who may, read by whoever."""

from datetime import timedelta
from xml.etree.ElementTree import fromstring

import pytest
from starlette.testclient import TestClient

from api.conftest import Headers, Issue
from quarterdeck.access.principals.model import installation
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.work import begin
from quarterdeck.operations.statuspage.service import posting
from quarterdeck.runtime import Runtime

HERE = "/api/v1/status-page/acme"
SUMMARY = "/status/acme/api/v2/summary.json"
PAGE = {"slug": "acme", "title": "Acme"}
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def page(client: TestClient, ada: Headers) -> TestClient:
    """A published page with a component, on which nothing is known yet."""
    for path, said in (
        (HERE, PAGE),
        (f"{HERE}/published", {"published": True}),
        (f"{HERE}/components/web", {"title": "Web", "group": "Shop"}),
    ):
        assert client.put(path, json=said, headers=ada).is_success
    return client


def test_strangers_learn_of_no_page_that_is_not_published(client: TestClient, ada: Headers) -> None:
    nothing = client.get(SUMMARY)
    assert client.put(HERE, json=PAGE, headers=ada).json()["published"] is False
    hidden = client.get(SUMMARY)
    assert (nothing.status_code, hidden.status_code) == (404, 404)
    assert nothing.json()["detail"] == hidden.json()["detail"] == "there is no status page here"
    client.put(f"{HERE}/published", json={"published": True}, headers=ada)
    assert client.get(SUMMARY).status_code == 200
    client.put(f"{HERE}/published", json={"published": False}, headers=ada)
    assert client.get(SUMMARY).status_code == 404


@pytest.mark.census("ATP-099")
def test_component_states_are_read_without_a_credential(page: TestClient, ada: Headers) -> None:
    group, web = page.get("/status/acme/api/v2/components.json").json()["components"]
    assert (web["status"], web["reason"]) == (None, "nobody has said how it is")
    assert (group["group"], group["components"], group["status"]) == (True, ["web"], None)
    assert (web["group_id"], web["position"]) == (group["id"], 2)
    status = page.get("/status/acme/api/v2/status.json").json()["status"]
    assert status == {"indicator": None, "description": "Status of 1 Component Not Known"}
    said = page.put(f"{HERE}/components/web/status", json={"status": "major_outage"}, headers=ada)
    assert (said.status_code, said.json()["said"]) == (200, "major_outage")
    found = page.get(SUMMARY).json()
    assert [one["status"] for one in found["components"]] == ["major_outage", "major_outage"]
    assert found["status"] == {"indicator": "critical", "description": "Major Service Outage"}
    assert "acme" not in {*found["page"]} and found["page"]["id"] == "acme"  # noqa: PT018  one thing
    again = page.put(f"{HERE}/components/web/status", json={"status": None}, headers=ada)
    assert again.json()["status"] is None


@pytest.mark.census("ATP-100")
def test_an_incident_is_posted_and_read_in_every_shape(page: TestClient, ada: Headers) -> None:
    said = {
        "title": "Slow <script>",
        "text": 'We look into it. ]]> & "so"',
        "impact": "critical",
        "affected": {"web": "partial_outage"},
    }
    made = page.post(f"{HERE}/posts", json=said, headers=ada)
    assert made.status_code == 201
    post = made.json()["post"]
    assert (post["overdue"], post["due_at"] > post["updated_at"]) == (False, True)
    path = f"{HERE}/posts/{post['id']}"
    update = {"text": "Found.", "stage": "identified"}
    for wrong in ({"stage": "completed"}, {"affected": {"nothing": "operational"}}, {"text": ""}):
        assert page.post(f"{path}/updates", json=update | wrong, headers=ada).status_code == 422
    stale = page.post(f"{path}/updates?expected_version=7", json=update, headers=ada)
    assert stale.status_code == 409
    assert page.post(f"{path}/updates", json=update, headers=ada).status_code == 201
    assert [u["stage"] for u in page.get(path, headers=ada).json()["updates"]] == [
        *("identified", "investigating")
    ]
    [shown] = page.get("/status/acme/api/v2/incidents/unresolved.json").json()["incidents"]
    assert (shown["name"], shown["impact"], shown["status"]) == (
        "Slow <script>",
        "critical",
        "identified",
    )
    first = shown["incident_updates"][-1]
    assert first["affected_components"] == [
        {"code": "web", "name": "Web", "old_status": None, "new_status": "partial_outage"}
    ]
    assert [one["name"] for one in shown["components"]] == ["Web"]
    feed = fromstring(page.get("/status/acme/feed.atom").text)  # noqa: S314  our own
    assert feed.findtext(f"{ATOM}entry/{ATOM}title") == "Slow <script> (identified)"
    over = page.post(f"{path}/updates", json=update | {"stage": "resolved"}, headers=ada)
    assert over.json()["post"]["due_at"] is None
    assert page.get("/status/acme/api/v2/incidents/unresolved.json").json()["incidents"] == []
    assert len(page.get("/status/acme/api/v2/incidents.json").json()["incidents"]) == 1
    assert page.get(f"{HERE}/posts?open=true", headers=ada).json() == {"posts": []}
    assert page.delete(path, headers=ada).status_code == 204
    assert page.delete(path, headers=ada).status_code == 404
    assert page.get("/status/acme/api/v2/incidents.json").json()["incidents"] == []


def test_what_others_may_keep_is_sent_again_only_when_it_changed(
    page: TestClient, ada: Headers
) -> None:
    for path in (SUMMARY, "/status/acme/feed.atom"):
        first = page.get(path)
        assert first.headers["cache-control"] == "public, max-age=30"
        assert "set-cookie" not in first.headers
        tag = {"If-None-Match": f'"other", {first.headers["etag"]}'}
        same = page.get(path, headers=tag)
        assert (same.status_code, same.content) == (304, b"")
        page.put(f"{HERE}", json=PAGE | {"intro": path, "title": path}, headers=ada)
        assert page.get(path, headers=tag).status_code == 200


@pytest.mark.census("ATP-445")
def test_a_post_of_which_nobody_heard_for_61_minutes_is_flagged(
    page: TestClient, ada: Headers, runtime: Runtime
) -> None:
    early = lambda: utc_now() - timedelta(minutes=61)  # noqa: E731  a clock
    with begin(runtime.engine, installation(), early) as work:
        late = posting.post(work, "acme", posting.NewPost(title="Late", text="x"))[0].id
    page.post(f"{HERE}/posts", json={"title": "New", "text": "x"}, headers=ada)
    found = page.get(HERE, headers=ada).json()
    assert {one["title"]: one["overdue"] for one in found["open"]} == {"Late": True, "New": False}
    [listed] = page.get("/api/v1/status-page", headers=ada).json()["pages"]
    assert (found["overdue"], listed["overdue"]) == (1, 1)
    page.post(f"{HERE}/posts/{late}/updates", json={"text": "Still."}, headers=ada)
    assert page.get(HERE, headers=ada).json()["overdue"] == 0


def test_an_internal_incident_is_never_seen_by_strangers(page: TestClient, ada: Headers) -> None:
    incident = page.post(
        "/api/v1/incidents",
        json={"tenant": "acme", "symptom": "Slow", "severity": "SEV-2"},
        headers=ada,
    ).json()["id"]
    said = {"title": "Slow", "text": "Slow.", "incident": incident}
    made = page.post(f"{HERE}/posts", json=said, headers=ada)
    assert made.json()["post"]["incident"] == incident
    for name in ("summary.json", "incidents.json", "incidents/unresolved.json"):
        assert incident not in page.get(f"/status/acme/api/v2/{name}").text
    assert incident not in page.get("/status/acme/feed.atom").text


@pytest.mark.census("ATP-395")
def test_a_post_of_lost_data_is_refused_with_who_must_approve(
    page: TestClient, ada: Headers
) -> None:
    told = {"tenant": "acme", "symptom": "Lost", "severity": "SEV-2", "flags": ["data-loss"]}
    incident = page.post("/api/v1/incidents", json=told, headers=ada).json()["id"]
    before = page.get(SUMMARY).json()["components"]
    said = {"title": "Lost", "text": "x", "incident": incident, "affected": {"web": "major_outage"}}
    refused = page.post(f"{HERE}/posts", json=said, headers=ada)
    assert (refused.status_code, f"incident approve {incident}" in refused.json()["detail"]) == (
        409,
        True,
    )
    found = page.get(SUMMARY).json()
    assert (found["components"], found["incidents"]) == (before, [])


def test_what_cannot_be_is_refused_and_who_may_not_hears_no_more(
    page: TestClient, ada: Headers, eve: Headers, issue: Issue
) -> None:
    for wrong in (
        {"slug": "../x"},
        {"slug": "A"},
        {"slug": "a" * 64},
        {"slug": "a/b"},
        {"title": ""},
        {"title": "x" * 201},
        {"intro": "x" * 10_001},
        {"support": "javascript:alert(1)"},
        {"title": "a\0b"},
        {"unknown": 1},
    ):
        assert page.put(HERE, json=PAGE | wrong, headers=ada).status_code == 422, wrong
    component = f"{HERE}/components/web"
    for wrong in ({"title": ""}, {"service": "web"}, {"position": -1}):
        asked = page.put(component, json={"title": "Web"} | wrong, headers=ada)
        assert asked.status_code == 422, wrong
    assert page.put(f"{component}/status", json={"status": "fine"}, headers=ada).status_code == 422
    gone = f"{HERE}/components/gone/status"
    assert page.put(gone, json={"status": None}, headers=ada).status_code == 404
    assert page.get(f"/status/{'a' * 2000}/api/v2/summary.json").status_code == 422
    assert page.get("/status/%2e%2e%2fx/api/v2/summary.json").status_code == 404
    assert page.get(HERE, headers=eve).status_code == 404
    taken = page.put("/api/v1/status-page/other", json=PAGE, headers=eve)
    assert taken.status_code == 409
    reader = issue("auditor", "acme")
    assert page.get(HERE, headers=reader).status_code == 200
    assert page.put(HERE, json=PAGE, headers=reader).status_code == 403
    assert page.delete(HERE, headers=ada).status_code == 204
    assert page.get(SUMMARY).status_code == 404
