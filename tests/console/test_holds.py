"""Holds in the console: placed, asked to be released, agreed to by another; without script."""

import re

import pytest
from playwright.sync_api import expect
from starlette.testclient import TestClient

from console.conftest import reader, sign_in
from console.looking import Watched
from console.stage import Stage

HERE = "/trail/holds"


def sent(client: TestClient, path: str, **fields: str) -> str:
    """A form, and the page that it leads to."""
    answer = client.post(path, data={"csrf": client.headers["X-CSRF-Token"], **fields})
    if answer.status_code == 303:
        answer = client.get(answer.headers["location"])
    return answer.text


def placed(client: TestClient, **fields: str) -> str:
    """The page of a new hold."""
    said = {"tenant": "acme", "covers": "actor", "value": "principal:p1", "reason": "a lawsuit"}
    return sent(client, HERE, **said | fields)


def address(page: str) -> str:
    found = re.search(rf'action="({HERE}/[^/"]+)/release"', page)
    assert found, page
    return found[1]


@pytest.mark.census("ATP-420")
def test_a_hold_is_placed_and_released_by_two_persons(client: TestClient, estate: Stage) -> None:
    assert "none stands" in client.get(HERE).text
    page = placed(client)
    assert "every record of what principal:p1 did" in page
    hold = address(page)
    assert "1 hold keeps records" in client.get(HERE).text
    asked = sent(client, f"{hold}/release", reason="it ended")
    assert "You asked for the release: another person must agree" in asked
    assert f'action="{hold}/release"' not in asked
    assert "nother person agrees" in sent(client, f"{hold}/release", reason="me again")
    with reader(estate) as other:
        sign_in(other, estate.token())
        assert "it ended" in other.get(hold).text
        assert "Released" in sent(other, f"{hold}/release", reason="agreed")
    assert "none stands" in client.get(HERE).text


def test_a_release_can_be_declined(client: TestClient, estate: Stage) -> None:
    hold = address(placed(client, covers="tenant", value=""))
    sent(client, f"{hold}/release", reason="it ended")
    with reader(estate) as other:
        sign_in(other, estate.token())
        kept = sent(other, f"{hold}/keep", reason="the appeal")
    assert "Standing: a lawsuit" in kept
    assert "the appeal" in kept


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"value": ""}, "names it"),
        ({"value": "p1"}, "written type:id"),
        ({"since": "yesterday"}, "from is written"),
        ({"covers": "range", "value": ""}, "a range has since, until, or both"),
        ({"reason": "  "}, "a reason is needed"),
    ],
)
def test_a_hold_that_is_not_clear_is_refused_in_words(
    client: TestClient, wrong: dict[str, str], words: str
) -> None:
    assert words in placed(client, **wrong).lower()


def test_a_time_is_read_as_utc(client: TestClient) -> None:
    page = placed(client, covers="range", value="", since="2026-02-28T09:00")
    assert "received from 2026-02-28 09:00:00 UTC" in page


def test_who_may_only_look_is_offered_nothing_else(client: TestClient, estate: Stage) -> None:
    hold = address(placed(client))
    with reader(estate) as other:
        sign_in(other, estate.token("auditor", "acme", home="acme"))
        assert "Place a hold" not in other.get(HERE).text
        assert "/release" not in other.get(hold).text
    with reader(estate) as stranger:
        sign_in(stranger, estate.token("auditor", "beta", home="beta"))
        assert stranger.get(hold).status_code == 404
        assert "none stands" in stranger.get(HERE).text


@pytest.mark.browser
def test_a_hold_is_placed_in_a_browser(ada: Watched) -> None:
    page = ada.page
    page.goto("/trail/holds")
    page.get_by_label("Tenant", exact=True).last.fill("acme")
    page.get_by_label("Why").fill("a lawsuit")
    page.get_by_role("button", name="Place").click()
    expect(page.locator("h1")).to_contain_text("Standing: a lawsuit")
    page.set_viewport_size({"width": 390, "height": 844})
    for path in ("/trail/holds", page.url):
        page.goto(path)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, path
