"""The pages of pages and policies, and answering by a link."""

from typing import Any

import pytest
from playwright.sync_api import expect
from starlette.testclient import TestClient

from console.conftest import reader
from console.looking import Watched
from console.stage import Stage
from quarterdeck.access.principals.model import installation
from quarterdeck.kernel.work import begin
from quarterdeck.operations.escalation.model.page import Page, What
from quarterdeck.operations.escalation.service import looking, opening, policies
from quarterdeck.operations.escalation.service.timing import Timers

TEXT = """\
levels:
  - {name: L1, title: First, targets: [mail ada@example.com], notify_at: 0, engage_at: 0}
  - {name: L2, title: Second, targets: [mail bob@example.com], engage_at: 30m}
"""
LINK = "http://127.0.0.1:8080"


def page_of(stage: Stage, title: str = "It is down") -> Page:
    with begin(stage.engine, installation(), stage.clock) as work:
        policies.apply(work, "acme", "incidents", TEXT)
        page = opening.page(work, "acme", "incidents", What(title=title), key=title)
    Timers(engine=stage.engine, clock=stage.clock, url=LINK).beat()
    return page


def link_of(stage: Stage, page: Page) -> str:
    with begin(stage.engine, installation(), stage.clock) as work:
        [sent] = looking.account(work, page.id).sent.values()
    return dict(sent.content.links)["Acknowledge"].removeprefix(LINK)


def test_a_page_is_seen_answered_and_ended(client: TestClient, estate: Stage) -> None:
    assert "Nobody is wanted" in client.get("/pages").text
    page = page_of(estate)
    text = client.get("/pages").text
    assert "1 page wants somebody" in text
    assert "heartbeat_url" in text
    one = client.get(f"/pages/{page.id}").text
    for shown in ("nobody answers", "L1 engage", "ada@example.com", "next: L2", "Second"):
        assert shown in one
    done = client.post(f"/pages/{page.id}/acknowledge", data={}, follow_redirects=True)
    assert "looks after it since" in done.text
    assert "1 page, each looked after" in client.get("/pages").text
    over = client.post(f"/pages/{page.id}/resolve", data={}, follow_redirects=True)
    assert "resolved by" in over.text
    assert "Resolved lately" in client.get("/pages").text


def test_a_link_shows_one_button_and_answers_once(estate: Stage) -> None:
    page = page_of(estate)
    link = link_of(estate, page)
    with reader(estate) as nobody:
        for _ in range(2):  # a program that reads mail comes first
            asked = nobody.get(link)
            assert (asked.status_code, "I look after it" in asked.text) == (200, True)
            assert asked.headers["referrer-policy"] == "no-referrer"
        done = nobody.post(link)
        assert (done.status_code, "ada@example.com</strong> looks after it" in done.text) == (
            200,
            True,
        )
        for answer in (nobody.get(link), nobody.post(link)):
            assert (answer.status_code, "I look after it" in answer.text) == (410, False)
        for answer in (nobody.get("/p/guessed"), nobody.post("/p/guessed")):
            assert (answer.status_code, "opens no page" in answer.text) == (404, True)
    with begin(estate.engine, installation(), estate.clock) as work:
        assert looking.account(work, page.id).page.means == "link"


def test_a_policy_is_written_changed_and_refused_in_words(client: TestClient) -> None:
    assert "there is no policy yet" in client.get("/escalation").text
    said: dict[str, Any] = {"of": "acme", "name": "incidents", "text": TEXT}
    done = client.post("/escalation", data=said, follow_redirects=True)
    assert (done.status_code, "Second" in done.text) == (200, True)
    stale = client.post("/escalation", data=said | {"text": TEXT + "description: x\n"})
    assert (stale.status_code, "at version 1, not 0" in stale.text) == (422, True)
    edit = client.get("/escalation?edit=acme/incidents").text
    assert "Change incidents" in edit
    gone = TEXT.replace("mail bob@example.com", "schedule gone")
    changed = client.post(
        "/escalation", data=said | {"text": gone, "expected": "1"}, follow_redirects=True
    )
    assert "L2: no schedule &#39;gone&#39;" in changed.text


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1280])
def test_a_page_fits_a_phone_and_a_desk(ada: Watched, estate: Stage, width: int) -> None:
    page = page_of(estate, "Checkout of the shop answers nobody in the whole of region one")
    ada.page.set_viewport_size({"width": width, "height": 740})
    for path in ("/pages", f"/pages/{page.id}", "/escalation", link_of(estate, page)):
        ada.page.goto(path)
        expect(ada.page.locator("h1")).to_be_visible()
        assert ada.page.evaluate("document.documentElement.scrollWidth") <= width, path
    ada.page.get_by_role("button", name="Acknowledge: I look after it").click()
    expect(ada.page.get_by_text("looks after it")).to_be_visible()
