"""The page of audiences, and the form of an update in an incident's room."""

import re
from html import escape

import pytest
from playwright.sync_api import expect
from starlette.testclient import TestClient

from console.conftest import reader, sign_in
from console.looking import Watched
from console.stage import Stage
from console.test_incidents import CUSTOMER, declare
from quarterdeck.access.principals.model import installation
from quarterdeck.kernel.work import begin
from quarterdeck.operations.audiences import service
from quarterdeck.operations.audiences.model import Audience
from quarterdeck.operations.channels.model.channel import Channel, Kind
from quarterdeck.operations.channels.service import keeping as channels
from quarterdeck.operations.contacts import service as contacts

SAID = {
    "of": "acme",
    "name": "engineering",
    "title": "Engineering",
    "subject": "${incident} ${symptom}",
    "text": "${update}\r\nled by ${commander}",
    "channels": "ops, gone",
    "flag": "security",
}
ENGINEERING = Audience(
    name="engineering",
    title="Engineering",
    subject="${symptom}",
    text="<b>${update}</b>\nled by ${commander}",
    channels=("ops", "gone"),
)


def shown(text: str) -> dict[str, str]:
    """What the first form with a version says of what it shows, besides its fields."""
    hidden = re.findall(r'type="hidden" name="(expected|seen)" value="([^"]*)"', text)
    return dict(reversed(hidden))


def kept(stage: Stage) -> None:
    with begin(stage.engine, installation(), stage.clock) as work:
        hook = Channel(name="ops", kind=Kind.WEBHOOK, url="https://chat.example/")
        channels.put(work, "acme", hook)
        service.put(work, "acme", ENGINEERING)
        contacts.put(work, "acme", CUSTOMER)


def test_an_audience_is_written_changed_and_deleted_on_its_page(client: TestClient) -> None:
    assert "No audience has words of its own yet" in client.get("/audiences").text
    refused = client.post("/audiences", data=SAID | {"text": "${comander}"})
    assert (refused.status_code, "no name ${comander}" in refused.text) == (422, True)
    assert 'value="ops, gone"' in refused.text
    assert client.post("/audiences", data=SAID).status_code == 303
    text = client.get("/audiences?edit=acme/engineering").text
    assert "led by ${commander}" in text
    assert "By itself at" in text
    stale = client.post("/audiences", data=SAID | {"title": "Other"})
    assert (stale.status_code, "is at version 1, not 0" in stale.text) == (422, True)
    gone = client.post("/audiences/acme/engineering/delete", data={"expected": "1"})
    assert gone.status_code == 303
    assert "No audience has words of its own yet" in client.get("/audiences").text


@pytest.mark.census("BK-015")
def test_an_update_is_seen_before_it_is_sent_and_after(client: TestClient, estate: Stage) -> None:
    kept(estate)
    here = declare(client)
    said = {"text": "half of it is back", "audience": ["engineering", "customers"]}
    looked = client.post(f"{here}/updates", data=said)
    assert looked.status_code == 200
    assert "&lt;b&gt;half of it is back&lt;/b&gt;" in looked.text
    assert "To ops; gone: no channel &#39;gone&#39;" in looked.text
    assert "To ops@acme.example" in looked.text
    assert 'name="send"' in looked.text
    assert "As it was sent" not in client.get(here).text
    send = said | {"send": "true"} | shown(looked.text)
    assert client.post(f"{here}/updates", data=send).status_code == 303
    room = client.get(here).text
    assert room.count("As it was sent") == 2
    assert "not yet" in room
    assert "no channel &#39;gone&#39;" in room
    again = client.post(f"{here}/updates", data=send)
    assert (again.status_code, "look at it again" in again.text) == (422, True)
    assert client.get(here).text.count("As it was sent") == 2
    wrong = client.post(f"{here}/updates", data=said | {"audience": ["x"]})
    assert (wrong.status_code, "no audience" in wrong.text) == (422, True)
    assert "half of it is back" in wrong.text


@pytest.mark.parametrize(
    "other",
    [
        {"text": "all of it is back"},
        {"audience": ["engineering", "customers"]},
        {"seen": ""},
        {"expected": "0"},
    ],
)
def test_nothing_is_sent_that_was_not_shown(
    client: TestClient, estate: Stage, other: dict[str, str | list[str]]
) -> None:
    kept(estate)
    here = declare(client)
    said: dict[str, str | list[str]]
    said = {"text": "\r\nhalf of it\r\nis back", "audience": ["engineering"]}
    looked = client.post(f"{here}/updates", data=said)
    send = said | {"send": "true"} | shown(looked.text)
    refused = client.post(f"{here}/updates", data=send | other)
    assert (refused.status_code, "look at it again" in refused.text) == (422, True)
    assert escape(str((said | other)["text"])) in refused.text, "what was written is still there"
    assert 'name="send"' not in refused.text
    assert "As it was sent" not in client.get(here).text
    as_read = send | {"text": "half of it\r\nis back"}  # a browser drops a text's first empty line
    assert client.post(f"{here}/updates", data=as_read).status_code == 303


def test_a_notice_is_sent_once(client: TestClient, estate: Stage) -> None:
    kept(estate)
    here = declare(client)
    seen = shown(client.get(here).text.partition('/notice"')[2]) | {"text": "we are on it"}
    assert client.post(f"{here}/notice", data=seen).status_code == 303
    again = client.post(f"{here}/notice", data=seen)
    assert (again.status_code, "look at it again" in again.text) == (422, True)
    assert "we are on it</textarea>" in again.text
    assert client.get(here).text.count("As it was sent") == 1


def test_whoever_only_looks_is_offered_no_form(estate: Stage) -> None:
    kept(estate)
    with reader(estate) as eve:
        sign_in(eve, estate.token("auditor", "acme", home="acme"))
        text = eve.get("/audiences?tenant=acme").text
        assert "Engineering" in text
        assert 'id="write"' not in text


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 1280])
def test_an_update_is_posted_on_a_phone_and_a_desk(
    ada: Watched, client: TestClient, estate: Stage, width: int
) -> None:
    kept(estate)
    here = declare(client)
    page = ada.page
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/audiences")
    expect(page.get_by_role("heading", name="1 audience")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.goto(here)
    page.get_by_label("What is new").fill("half of it is back")
    page.get_by_label("Engineering").check()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("led by nobody yet")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#told").get_by_text("not yet")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
