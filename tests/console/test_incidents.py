"""The list of incidents, and the room of one."""

import re
from html import escape, unescape

import pytest
from fastapi.routing import APIRoute
from playwright.sync_api import expect
from starlette.testclient import TestClient

from console.looking import Watched
from console.stage import Stage
from operations.incidents.chatted import LINK, chatted
from quarterdeck.access.principals.model import installation
from quarterdeck.console.pages import incidents
from quarterdeck.kernel.work import begin
from quarterdeck.operations.alerts import service as alerts
from quarterdeck.operations.alerts.model import Severity, Sign
from quarterdeck.operations.contacts import service as contacts
from quarterdeck.operations.contacts.model import Channel, Contact, Means, Section
from quarterdeck.operations.incidents.service import declaring, looking
from quarterdeck.operations.incidents.service.chatting import ABSENT
from quarterdeck.operations.severities.model import Flag

HEADING = re.compile(r"<h1[^>]*>(.*?)</h1>", re.DOTALL)
SAID = {"of": "acme", "symptom": "High Latency", "severity": "SEV-2", "service": "web"}

CUSTOMER = Contact(
    name="acme",
    title="Acme",
    section=Section.CUSTOMER,
    tenants=("acme",),
    channels=(Channel(means=Means.MAIL, address="ops@acme.example"),),
)


def declare(client: TestClient, **more: str) -> str:
    made = client.post("/incidents", data=SAID | {"affected": "acme"} | more)
    assert made.status_code == 303, made.text
    return str(made.headers["location"])


def test_an_incident_is_declared_led_and_resolved_in_its_room(client: TestClient) -> None:
    assert "No incident yet" in client.get("/incidents").text
    refused = client.post("/incidents", data=SAID | {"symptom": " "})
    assert (refused.status_code, "say what is seen" in refused.text) == (422, True)
    here = declare(client)

    def post(path: str, **form: str) -> str:
        return client.post(f"{here}/{path}", data=form, follow_redirects=True).text

    assert "nobody is on it" in client.get(here).text
    assert "is on it" in post("acknowledge")
    assert "Before investigation, record:" in post("advance", to="triage")
    assert "Not done." in post("advance", to="resolution")
    assert "Incident Commander: <strong" in post("roles", post="ic", who="me")
    post("describe", services="web", affected="acme", slow="true", users="slow", assignee="tom")
    assert "restarted" in post("entries", wrote="action", text="restarted")
    assert "go ahead" in post("entries", wrote="decision", text="go ahead")
    assert "raise the pool" in post("actions", text="raise the pool", owner="ada")
    post("tick", action="1")
    post("tick", task="1")
    assert "Action item 1 done" in client.get(here).text
    assert "say why" in post("severity", word="SEV-1", reason=" ")
    assert "contained" in post("severity", word="SEV-3", reason="contained")
    assert "#incident-" in post("room")
    stale = post("resolution", temporary="x", expected="1")
    assert "look at it again" in stale
    post("resolution", causes="pool\npeak", temporary="raised", validated="green")
    assert "Resolved, resolution" in post("advance", to="resolution")
    _is_learnt_from(client, here)


def _is_learnt_from(client: TestClient, here: str) -> None:
    found = re.search(r'class="button" href="([^"]+)">Postmortem as PDF', client.get(here).text)
    assert found
    assert client.get(unescape(found[1])).content.startswith(b"%PDF-")

    def post(path: str, **form: str) -> str:
        return client.post(f"{here}/{path}", data=form, follow_redirects=True).text

    assert "Reopened: it is back" in post("reopen", reason="it is back")
    post("resolution", causes="pool", temporary="raised", validated="green again")
    assert "Resolved, resolution" in post("advance", to="resolution")
    done = post("postmortem", summary="it was full", close="true")
    assert "Its postmortem was done" in done
    assert "and approved" in post("sign")
    assert "No incident is open" in client.get("/incidents?state=open").text
    assert "lasted" in client.get("/incidents?state=resolved").text


def test_where_a_form_answered_the_room_is_found_again(client: TestClient) -> None:
    here = declare(client)
    room = HEADING.findall(client.get(here).text)
    assert room
    forms = [
        route.path
        for route in incidents.router.routes
        if isinstance(route, APIRoute)
        and "POST" in (route.methods or ())
        and route.path.startswith("/incidents/{incident}/")
    ]
    assert len(forms) > 10
    for path in forms:
        found = client.get(path.format(incident=here.removeprefix("/incidents/")))
        assert (found.status_code, HEADING.findall(found.text)) == (200, room), path
        assert client.get(path.format(incident="nothing")).status_code == 404


def test_what_is_live_in_a_room_is_asked_for_where_a_form_was_refused(client: TestClient) -> None:
    here = declare(client)
    refused = client.post(f"{here}/severity", data={"word": "SEV-1", "reason": " "})
    assert refused.status_code == 422
    again = client.get(f"{here}/severity")
    live = re.compile(r'id="([^"]+)" data-live')
    assert "timeline" in live.findall(refused.text)
    assert live.findall(again.text) == live.findall(refused.text)


def test_a_room_says_what_legal_must_approve(client: TestClient, estate: Stage) -> None:
    with begin(estate.engine, installation(), estate.clock) as work:
        told = declaring.Told(
            tenant="acme",
            symptom="Breach",
            severity="SEV-1",
            flags=(Flag.SECURITY,),
            tenants=("acme",),
        )
        one = declaring.declare(work, told)[0].id
    assert "Customers are told nothing until Legal approves" in client.get(f"/incidents/{one}").text
    refused = client.post(f"/incidents/{one}/notice", data={"text": "sorry"})
    assert (refused.status_code, "Legal must approve" in refused.text) == (422, True)
    client.post(f"/incidents/{one}/approval", data={"note": "case 17"})
    lonely = client.post(f"/incidents/{one}/notice", data={"text": "sorry"})
    assert (lonely.status_code, "No customer was told" in lonely.text) == (422, True)
    with begin(estate.engine, installation(), estate.clock) as work:
        contacts.put(work, "acme", CUSTOMER)
    assert client.post(f"/incidents/{one}/notice", data={"text": "sorry"}).status_code == 303
    with begin(estate.engine, installation(), estate.clock) as work:
        assert looking.one(work, one).notified_at is not None


def test_an_incident_is_declared_from_the_page_of_an_alert(
    client: TestClient, estate: Stage
) -> None:
    sign = Sign(
        key="k", tenant="acme", type="HighLatency", severity=Severity.CRITICAL, title="Slow"
    )
    with begin(estate.engine, installation(), estate.clock) as work:
        alerts.fire(work, sign)
        alert = alerts.active(work)[0].id
    assert "Declare an incident" in client.get(f"/alerts/{alert}").text
    made = client.post("/incidents", data={"alert": str(alert)}, follow_redirects=True)
    assert f"alert/{alert}" in made.text
    assert "/incidents/INC-" in client.get(f"/alerts/{alert}").text
    assert "/incidents/INC-" in client.get("/").text


def test_what_is_open_is_said_whatever_is_shown(client: TestClient) -> None:
    declare(client)
    text = client.get("/incidents?state=resolved").text
    assert "1 incident is open" in text
    assert "None of these" in text
    assert "No incident yet" not in text
    declare(client, symptom="Other")
    assert "More than 1 incident is open" in client.get("/incidents?limit=1").text


def test_keeping_what_is_known_forgets_nothing_of_it(client: TestClient) -> None:
    here = declare(client)
    said = {"affected": "acme", "customers": "slow <pages>", "users": "wait", "integrity": "whole"}
    client.post(f"{here}/describe", data=said)
    room = client.get(here).text
    for name in ("customers", "users", "integrity"):
        assert f'name="{name}" value="{escape(said[name])}"' in room


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1280])
def test_a_room_fits_a_phone_and_a_desk(ada: Watched, estate: Stage, width: int) -> None:
    with begin(estate.engine, installation(), estate.clock) as work:
        told = declaring.Told(tenant="acme", symptom="High Latency", severity="SEV-1")
        one = declaring.declare(work, told)[0].id
    page = ada.page
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/incidents")
    expect(page.get_by_role("heading", name="1 incident is open")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.goto(f"/incidents/{one}")
    page.get_by_role("button", name="I am on it").click()
    expect(page.get_by_text("is on it", exact=False).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_room_leads_to_its_channel_in_slack_or_says_why_there_is_none(
    client: TestClient, estate: Stage
) -> None:
    here = declare(client)
    assert escape(ABSENT) in client.get(here).text
    with begin(estate.engine, installation(), estate.clock) as work:
        chatted(work, here.rpartition("/")[2])
    page = client.get(here).text
    assert f'href="{LINK}"' in page
    assert escape(ABSENT) not in page
