"""The pages of channels and of messages."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import update
from starlette.testclient import TestClient

from console.looking import Watched
from console.stage import Stage
from packs.test_watched import SHIPPED
from quarterdeck.access.principals.model import installation
from quarterdeck.kernel.work import begin
from quarterdeck.operations.messages.model import Address, Content, Urgency, Where
from quarterdeck.operations.messages.service.posting import post
from quarterdeck.operations.messages.store.table import messages
from quarterdeck.packs import loader
from quarterdeck.packs.reading import files_of

SAID = {"of": "acme", "name": "ops", "kind": "slack", "place": "#acme-ops"}
SECRET = "https://hooks.slack.com/services/T0/B0/x"


def told(stage: Stage, state: str = "failed") -> str:
    to = Address(where=Where.MAIL, name="ops@acme.example")
    with begin(stage.engine, installation(), stage.clock) as work:
        said = Content(title="Disk full")
        key = work.new_id()
        [one] = post(work, "acme", [to], said, key=key, about="page/1", urgency=Urgency.PROMPT)
        changed = update(messages).where(messages.c.id == one.message)
        work.db.execute(changed.values(state=state, error="550: no such person", attempts=1))
    return one.message


def test_a_channel_is_written_tested_edited_and_removed(client: TestClient) -> None:
    assert "There is no channel yet" in client.get("/channels").text
    refused = client.post("/channels", data=SAID | {"secret": "a word"})
    assert (refused.status_code, "expected the address of an" in refused.text) == (422, True)
    lacking = client.post("/channels", data=SAID, follow_redirects=True).text
    assert "1 channel, 1 without its secret" in lacking
    done = client.post(
        "/channels", data=SAID | {"secret": SECRET, "expected": "1"}, follow_redirects=True
    )
    assert "needs its secret" not in done.text
    assert SECRET not in client.get("/channels?edit=acme/ops").text
    tested = client.post("/channels/acme/ops/test", follow_redirects=True)
    assert tested.url.query == b"tested=acme%2Fops"  # live, it is looked at again, not tested
    assert "taken" in tested.text
    assert "(r-1)" in tested.text
    stale = client.post("/channels", data=SAID)
    assert (stale.status_code, "is at version 2, not 0" in stale.text) == (422, True)
    gone = client.post("/channels/acme/ops/delete", data={"expected": "2"}, follow_redirects=True)
    assert "There is no channel yet" in gone.text


def test_a_channel_by_apprise_is_picked_and_its_address_never_shown(client: TestClient) -> None:
    page = client.get("/channels").text
    assert '<option value="apprise">Apprise</option>' in page
    assert "Apprise: an Apprise address, as tgram://TOKEN/CHAT" in page
    said = SAID | {"kind": "apprise", "place": "Phones"}
    refused = client.post("/channels", data=said | {"secret": "dbus://a-secret"})
    assert (refused.status_code, "acts on the machine" in refused.text) == (422, True)
    done = client.post(
        "/channels", data=said | {"secret": "jsons://example.org/a-secret"}, follow_redirects=True
    )
    assert "needs its secret" not in done.text
    tested = client.post("/channels/acme/ops/test", follow_redirects=True).text
    assert "Phones: taken" in tested
    assert not any("a-secret" in shown for shown in (refused.text, done.text, tested))


def test_what_nobody_took_is_sent_again_or_let_go(client: TestClient, estate: Stage) -> None:
    assert "Everything was told" in client.get("/messages").text
    one, other = told(estate), told(estate)
    page = client.get("/messages").text
    for shown in ("2 messages nobody took", "550: no such person", "Send again", "Let go"):
        assert shown in page
    again = client.post(f"/messages/{one}/retry", follow_redirects=True).text
    assert "late" in again
    client.post(f"/messages/{other}/drop")
    assert "1 message waits" in client.get("/messages").text
    assert "No message fits" in client.get("/messages?state=sent").text
    assert "Disk full" in client.get("/messages?about=page%2F1").text


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1280])
def test_both_pages_fit_a_phone_and_a_desk(ada: Watched, estate: Stage, width: int) -> None:
    with begin(estate.engine, installation(), estate.clock) as work:
        loader.apply(work, files_of(SHIPPED / "atp"))
    told(estate)
    page = ada.page
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/channels")
    expect(page.get_by_role("heading", name="8 channels, 6 without their secret")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Test atp-ops-mail").click()
    expect(page.get_by_text("atp-ops@connectsoft.com: taken")).to_be_visible()
    page.goto("/messages")
    expect(page.get_by_role("heading", name="1 message nobody took")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
