"""The page of quick-reference cards, and a card beside an incident."""

import re
from dataclasses import replace
from html import unescape

import pytest
from playwright.sync_api import expect
from starlette.testclient import TestClient

from console.conftest import reader, sign_in
from console.looking import Watched
from console.stage import Stage
from console.test_incidents import declare
from quarterdeck.access.principals.model import installation
from quarterdeck.kernel.work import begin
from quarterdeck.operations.cards import service
from quarterdeck.operations.cards.model import Card, Step

CRITICAL = Card(
    name="critical",
    title="Critical incident",
    use="At SEV-1",
    severities=("SEV-1",),
    steps=(
        Step(text="Acknowledge the page"),
        Step(text="Look at <all> services", url="https://ops.example.com/a?b=1&c=2"),
        Step(text="Undo", command="helm rollback shop -n shop-system"),
    ),
)


def kept(stage: Stage) -> None:
    with begin(stage.engine, installation(), stage.clock) as work:
        service.put(work, "acme", CRITICAL)


@pytest.mark.census("ATP-011", "ATP-024")
def test_cards_are_read_whole_at_a_glance(client: TestClient, estate: Stage) -> None:
    assert "No card is to hand yet" in client.get("/cards").text
    kept(estate)
    text = client.get("/cards?tenant=acme").text
    assert "1 card to hand" in text
    assert "Look at &lt;all&gt; services" in text
    assert "helm rollback shop -n shop-system" in text
    assert "No card is to hand yet" in client.get("/cards?tenant=beta").text


def test_more_cards_than_a_page_has_follow_on_the_next(client: TestClient, estate: Stage) -> None:
    with begin(estate.engine, installation(), estate.clock) as work:
        for tenant in ("acme", "beta"):
            for number in range(3):
                card = replace(CRITICAL, name=f"c{number}", title=f"{tenant} {number}")
                service.put(work, tenant, card)
    seen, page = [], client.get("/cards?limit=2").text
    while following := re.search(r'rel="next" href="([^"]+)"', page):
        assert "2 cards on this page" in page
        seen += re.findall(r"(acme|beta) (\d)</h2>", page)
        page = client.get(unescape(following[1])).text
    seen += re.findall(r"(acme|beta) (\d)</h2>", page)
    assert seen == [(tenant, str(n)) for tenant in ("acme", "beta") for n in range(3)]
    assert "First page" in page
    assert "6 cards to hand" in client.get("/cards").text


def test_an_incident_shows_the_card_of_its_severity(client: TestClient, estate: Stage) -> None:
    kept(estate)
    assert "Acknowledge the page" in client.get(declare(client, severity="SEV-1")).text
    assert "Acknowledge the page" not in client.get(declare(client, severity="SEV-2")).text


def test_another_tenants_cards_are_not_there(estate: Stage) -> None:
    kept(estate)
    with reader(estate) as eve:
        sign_in(eve, estate.token("tenant-admin", "beta", home="beta"))
        assert "Critical incident" not in eve.get("/cards").text
        assert eve.get("/cards?tenant=acme").status_code == 404


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 1280])
def test_cards_fit_a_phone_and_a_desk(ada: Watched, estate: Stage, width: int) -> None:
    kept(estate)
    page = ada.page
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/cards")
    expect(page.get_by_role("heading", name="1 card to hand")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
