"""Channels, messages and methods over HTTP."""

from starlette.testclient import TestClient

from api.conftest import Headers, Issue
from quarterdeck.access.principals.model import installation
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.work import begin
from quarterdeck.operations.messages.model import Address, Content, Urgency, Where
from quarterdeck.operations.messages.service.posting import post
from quarterdeck.runtime import Runtime
from servers.sink import Said, Sink

HERE = "/api/v1/channels"
ONE = f"{HERE}/acme/ops"
SECRET = "a secret of some length"
PEOPLE = "/api/v1/people"


def test_a_channel_is_entered_tested_and_deleted_and_its_secret_never_shown(
    client: TestClient, ada: Headers, came: Sink
) -> None:
    spec = {"kind": "webhook", "url": f"{came.url}/hook", "secret": SECRET}
    made = client.put(f"{ONE}?expected_version=0", json=spec, headers=ada)
    assert (made.status_code, made.json()["version"]) == (200, 1)
    assert (made.json()["has_secret"], SECRET in made.text) == (True, False)
    assert client.get(ONE, headers=ada).json() == made.json()
    assert client.put(f"{ONE}?expected_version=0", json=spec, headers=ada).status_code == 409
    came.answers["/hook"] = [200, Said(status=410, body="gone")]
    first = client.post(f"{ONE}/test", headers=ada).json()
    assert (first["taken"], first["answers"][0]["status"]) == (True, 200)
    assert "quarterdeck-signature" in came.got[0].headers
    second = client.post(f"{ONE}/test", headers=ada).json()
    assert second["taken"] is False
    assert second["answers"] == [
        {
            "address": "127.0.0.1",
            "taken": False,
            "status": 410,
            "error": "410: gone",
            "again": False,
            "receipt": None,
        }
    ]
    told = client.get("/api/v1/messages?channel=ops", headers=ada).json()
    assert [one["state"] for one in told["messages"]] == ["failed", "sent"]
    assert (told["failed"], told["waiting"]) == (1, 0)
    for name in ("a-1", "a-2"):
        body = {"kind": "email", "to": ["ops@acme.example"]}
        assert client.put(f"{HERE}/acme/{name}", json=body, headers=ada).is_success
    page = client.get(f"{HERE}?tenant=acme&limit=2", headers=ada)
    rest = client.get(page.links["next"]["url"], headers=ada).json()["channels"]
    assert [one["name"] for one in rest] == ["ops"]
    assert client.delete(f"{ONE}?expected_version=7", headers=ada).status_code == 409
    assert client.delete(ONE, headers=ada).status_code == 204
    assert client.get(ONE, headers=ada).status_code == 404
    assert client.post(f"{ONE}/test", headers=ada).status_code == 404


def test_a_channel_by_apprise_is_tested_and_no_part_of_its_address_shown(
    client: TestClient, ada: Headers, came: Sink
) -> None:
    secret = f"ntfy://{came.url.removeprefix('http://')}/a-topic"
    spec = {"kind": "apprise", "place": "Phones", "secret": secret}
    assert client.put(ONE, json=spec, headers=ada).json()["lacks"] is None
    came.answers["/"] = [200, 404]
    assert client.post(f"{ONE}/test", headers=ada).json()["taken"] is True
    failed = client.post(f"{ONE}/test", headers=ada)
    [answer] = failed.json()["answers"]
    assert (answer["address"], answer["status"], answer["again"]) == ("Phones", 404, False)
    told = client.get("/api/v1/messages?channel=ops", headers=ada)
    shown = (failed, told, client.get(ONE, headers=ada))
    assert not any("a-topic" in one.text for one in shown)
    for wrong in ("a-topic", "dbus://a-topic", f"{secret} {secret}"):
        refused = client.put(ONE, json=spec | {"secret": wrong}, headers=ada)
        assert (refused.status_code, "a-topic" in refused.text) == (422, False)


def test_what_cannot_be_is_refused(client: TestClient, ada: Headers, issue: Issue) -> None:
    spec = {"kind": "slack", "place": "#acme-ops"}
    for wrong in (
        {"kind": "pigeon"},
        {"to": ["a@b"]},
        {"secret": "a word"},
        {"unknown": 1},
        {"url": "https://a.example"},
    ):
        assert client.put(ONE, json=spec | wrong, headers=ada).status_code == 422, wrong
    lacking = client.put(ONE, json=spec, headers=ada).json()
    assert "needs its secret" in lacking["lacks"]
    refused = client.post(f"{ONE}/test", headers=ada)
    assert (refused.status_code, "needs its secret" in refused.json()["detail"]) == (422, True)
    reader = issue("auditor")
    assert client.get(ONE, headers=reader).status_code == 200
    assert client.put(ONE, json=spec, headers=reader).status_code == 403
    assert client.post(f"{ONE}/test", headers=reader).status_code == 403
    stranger = issue("sre", "other")
    assert client.get(ONE, headers=stranger).status_code == 404
    assert client.post(f"{ONE}/test", headers=stranger).status_code == 404


def test_messages_are_listed_retried_and_let_go(
    client: TestClient, ada: Headers, issue: Issue, runtime: Runtime
) -> None:
    to = Address(where=Where.MAIL, name="ops@acme.example")
    with begin(runtime.engine, installation(), utc_now) as work:
        for key in ("1", "2", "3"):
            said = Content(title=f"thing {key}", facts=(("a", "b"),))
            post(work, "acme", [to], said, key=key, about="page/1", urgency=Urgency.PROMPT)
    found = client.get("/api/v1/messages?about=page/1&limit=2", headers=ada)
    assert [one["content"]["title"] for one in found.json()["messages"]] == ["thing 3", "thing 2"]
    rest = client.get(found.links["next"]["url"], headers=ada).json()
    assert [one["content"]["title"] for one in rest["messages"]] == ["thing 1"]
    assert (rest["waiting"], rest["waiting_since"] is not None) == (3, True)
    path = f"/api/v1/messages/{rest['messages'][0]['id']}"
    assert client.post(f"{path}/retry", headers=ada).status_code == 409
    assert client.post(f"{path}/drop", headers=ada).json()["state"] == "dropped"
    assert client.get(path, headers=ada).json()["ended_at"] is not None
    assert client.get("/api/v1/messages?state=dropped", headers=ada).json()["messages"]
    assert client.post(f"{path}/drop", headers=issue("auditor")).status_code == 403
    assert client.get(path, headers=issue("sre", "other")).status_code == 404


def test_it_is_said_how_people_are_reached(client: TestClient, ada: Headers) -> None:
    path = f"{PEOPLE}/acme/ada@acme.example/methods"
    said = {
        "ways": [{"by": "mail", "name": "ada@acme.example"}, {"by": "channel", "name": "ops"}],
        "quiet": {"zone": "Europe/Oslo", "begins": "22:00", "ends": "07:00"},
    }
    made = client.put(f"{path}?expected_version=0", json=said, headers=ada)
    assert (made.status_code, made.json()["version"]) == (200, 1)
    assert client.get(path, headers=ada).json() == made.json()
    assert client.get(f"{PEOPLE}?tenant=acme", headers=ada).json() == {"people": [made.json()]}
    assert client.put(f"{path}?expected_version=4", json=said, headers=ada).status_code == 409
    wrong = said | {"quiet": {"zone": "Mars/Base", "begins": "22:00", "ends": "07:00"}}
    assert client.put(path, json=wrong, headers=ada).status_code == 422
    assert client.delete(path, headers=ada).status_code == 204
    assert client.get(path, headers=ada).status_code == 404
