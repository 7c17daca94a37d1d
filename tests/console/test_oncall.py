"""The pages of on-call: without JavaScript, and in a browser."""

import re
from datetime import datetime, timedelta
from html import unescape

import pytest
from httpx2 import Response
from playwright.sync_api import Browser, Locator, Page, expect
from starlette.testclient import TestClient

from api.serving import Served
from console.conftest import reader, sign_in
from console.looking import Watched, watched
from console.stage import Stage
from operations.oncall.stage import OFFICE, PRIMARY
from quarterdeck.access.principals import service as principals
from quarterdeck.access.principals.model import Kind, installation
from quarterdeck.access.tokens import service as tokens
from quarterdeck.access.tokens.model import Wanted
from quarterdeck.console.rota import LEFT, WIDTH
from quarterdeck.kernel.ids import PrincipalId
from quarterdeck.kernel.work import Work, begin
from quarterdeck.operations.handoffs.service import passing
from quarterdeck.operations.oncall.model.wall import wall_of, zone_of
from quarterdeck.operations.oncall.service import looking, writing

BERLIN = zone_of("Europe/Berlin")


def apply(stage: Stage, name: str = "primary", text: str = PRIMARY) -> None:
    with begin(stage.engine, installation(), stage.clock) as work:
        writing.apply(work, "acme", name, text)


def post(client: TestClient, path: str, **said: str) -> Response:
    return client.post(path, data=said, follow_redirects=True)


def first_look(work: Work, person: PrincipalId) -> str:
    """The secret with which a person signs in once."""
    until = work.now + timedelta(hours=1)
    wanted = Wanted(principal=person, name="a look", expires_at=until, single_use=True)
    return tokens.create(work, wanted).secret


def wall(at: datetime) -> str:
    return f"{wall_of(at, BERLIN):%Y-%m-%dT%H:%M}"


def test_the_list_says_who_is_on_call_and_what_nobody_holds(
    client: TestClient, estate: Stage
) -> None:
    empty = client.get("/oncall").text
    assert "Nobody is on call: there is no schedule yet" in empty
    assert "Write the first one below" in empty
    said = {"of": "acme", "name": "primary", "text": "layers: []"}
    refused = post(client, "/oncall", **said)
    assert refused.status_code == 422
    assert 'Not applied.</strong> <span class="break">a schedule has 1 to 20' in refused.text
    done = post(client, "/oncall", **said | {"text": PRIMARY.replace("\n", "\r\n")})
    assert done.url.path == "/oncall/acme/primary"
    again = post(client, "/oncall", **said | {"text": OFFICE})
    assert (again.status_code, "is at version 1, not 0" in again.text) == (422, True)
    apply(estate, text=PRIMARY.replace("answers first", "answers meanwhile"))
    late = post(client, "/oncall", **said | {"text": OFFICE, "expected": "1"})
    assert (late.status_code, "is at version 2, not 1" in late.text) == (422, True)
    assert 'name="expected" value="2"' in client.get("/oncall/acme/primary").text
    apply(estate, "office", OFFICE)
    text = client.get("/oncall").text
    assert "hole" in text
    assert re.search(r"(Nobody is on call in 1 of 2|2 of 2) schedules", text)
    assert client.get("/oncall?tenant=beta").text.count("No schedule yet") == 1


def test_a_schedule_is_overridden_and_put_back(client: TestClient, estate: Stage) -> None:
    apply(estate)
    page = client.get("/oncall/acme/primary").text
    assert '<svg class="bars rota"' in page
    assert "ada@example.com: nothing wakes them" in page
    start = estate.clock() + timedelta(days=1)
    said = {
        "person": "bob@example.com",
        "start": wall(start),
        "end": wall(start + timedelta(hours=5)),
        "why": "a concert",
        "expected": "1",
    }
    here = "/oncall/acme/primary"
    for wrong, why in (
        ({"start": "soon"}, "expected a date and time, got &#39;soon&#39;"),
        ({"end": wall(start)}, "a span ends after it starts"),
        ({"start": "9999-12-31T23:59"}, "expected a year from 1990 to 2199"),
        ({"person": "zoe@example.com"}, "nobody knows zoe@example.com here"),
        ({"expected": "7"}, "is at version 1, not 7"),
        ({"start": "2020-01-01T00:00", "end": "2020-01-02T00:00"}, "now or later"),
    ):
        refused = post(client, f"{here}/override", **said | wrong)
        assert (refused.status_code, why in refused.text) == (422, True), (why, refused.text)
        assert "a concert" in refused.text  # what was written stays
    done = post(client, f"{here}/override", **said).text
    assert "a concert" in done
    found = re.search(r"/overrides/([^/]+)/remove", done)
    assert found
    gone = post(client, f"{here}/overrides/{found[1]}/remove").text
    assert "Nothing lies over the layers" in gone
    back = post(client, f"{here}/rollback", version="2").text
    assert "a concert" in back
    assert "put back to 2" in back
    assert post(client, f"{here}/delete").url.path == "/oncall"
    assert client.get(here).status_code == 404
    gone = client.get("/oncall").text
    assert 'id="deleted"' in gone
    found = re.search(r'/rollback">.*?name="version" value="(\d+)"', gone)
    assert found
    assert "a concert" in post(client, f"{here}/rollback", version=found[1]).text
    assert 'id="deleted"' not in client.get("/oncall").text
    for since in ("2026-10-20", "9999-12-31", "0001-01-01", "x"):
        apply(estate, "other")
        assert client.get(f"/oncall/acme/other?since={since}").status_code == 200


def test_a_swap_is_asked_for_and_accepted(client: TestClient, estate: Stage) -> None:
    apply(estate)
    here = "/oncall/acme/primary"
    with begin(estate.engine, installation(), estate.clock) as work:
        kept = looking.one(work, "acme", "primary")
        now = looking.standing(work, kept, work.now)
    assert now.until is not None
    said = {
        "giver": now.person.word,
        "gives_from": wall(now.until + timedelta(days=8)),
        "gives_to": wall(now.until + timedelta(days=9)),
        "other": "bob@example.com" if now.person.word.startswith("ada") else "ada@example.com",
        "takes_from": wall(now.until + timedelta(days=1)),
        "takes_to": wall(now.until + timedelta(days=2)),
        "expected": "1",
    }
    refused = post(client, f"{here}/swaps", **said | {"giver": said["other"]})
    assert (refused.status_code, "swaps with themselves" in refused.text) == (422, True)
    assert (
        "expected a date and time" in post(client, f"{here}/swaps", **said | {"takes_to": ""}).text
    )
    asked = post(client, f"{here}/swaps", **said).text
    found = re.search(r"/swaps/([^/]+)/accept", asked)
    assert found
    done = post(client, f"{here}/swaps/{found[1]}/accept").text
    assert done.count("swap of") >= 2
    assert "/accept" not in done
    assert client.post(f"{here}/swaps/{found[1]}/refuse").status_code == 409


def test_a_note_is_left_shown_where_it_is_wanted_and_taken_over(
    client: TestClient, estate: Stage
) -> None:
    apply(estate)
    here = "/oncall/acme/primary"
    assert "No note was left yet" in client.get(here).text
    empty = post(client, f"{here}/handoff", text=" ")
    assert (empty.status_code, "a note has 1 to 8000 characters" in empty.text) == (422, True)
    long = post(client, f"{here}/handoff", text="disk 3" + "x" * 8000)
    assert (long.status_code, "disk 3xxx" in long.text) == (422, True)  # it can be mended
    assert f'method="post" action="{here}/handoff"' in long.text
    left = post(client, f"{here}/handoff", text="disk 3 is <slow>").text
    assert "disk 3 is &lt;slow&gt;</p>" in left
    assert "What is open now" in left
    assert "No page, no incident, and no silence" in left
    assert "Mend the note for" in left
    assert "a note waits for" in client.get("/oncall").text
    now = client.get("/").text
    assert "leaves a note for" in now
    assert "disk 3 is &lt;slow&gt;" in now
    found = re.search(r"/handoffs/([^/]+)/take-over", left)
    assert found
    done = post(client, f"{here}/handoffs/{found[1]}/take-over")
    assert "What was open when it was taken over" in done.text
    again = post(client, f"{here}/handoffs/{found[1]}/take-over")
    assert (again.status_code, "taken over at" in again.text) == (422, True)
    assert "a note waits for" not in client.get("/oncall").text
    assert "leaves a note for" not in client.get("/").text


def test_a_form_that_is_older_than_the_note_is_refused_with_both_texts(
    client: TestClient, estate: Stage
) -> None:
    apply(estate)
    here = "/oncall/acme/primary"
    field = 'name="expected" value="{}">'
    form = client.get(here).text.partition(f'method="post" action="{here}/handoff"')[2]
    assert field.format(0) in form.partition("</form>")[0]
    post(client, f"{here}/handoff", text="disk 3 is slow", expected="0")
    late = post(client, f"{here}/handoff", text="disk 4 is slow", expected="0")
    assert (late.status_code, "is at version 1, not 0" in late.text) == (422, True)
    assert "disk 3 is slow</p>" in late.text  # what it is now
    form = late.text.partition(f'method="post" action="{here}/handoff"')[2].partition("</form>")[0]
    assert field.format(1) in form
    assert "disk 4 is slow</textarea>" in form  # what was to be
    done = post(client, f"{here}/handoff", text="disks 3 and 4 are slow", expected="1")
    assert "disks 3 and 4 are slow</p>" in done.text


def test_the_note_is_whole_on_now_for_whom_it_is(estate: Stage) -> None:
    with begin(estate.engine, installation(), estate.clock) as work:
        bob = principals.create(work, Kind.PERSON, "Bob", email="bob@example.com", home="acme")
        ada = principals.create(work, Kind.PERSON, "Ada", email="ada@example.com", home="acme")
        for one in (ada, bob):
            principals.grant(work, one.id, "on-call", "acme")
        writing.apply(work, "acme", "primary", PRIMARY)
        note = passing.leave(work, "acme", "primary", "disk 3 is slow, " + "x" * 300)[0]
        taker, giver = (bob, ada) if note.turn.taker.startswith("bob") else (ada, bob)
        secrets = [first_look(work, one.id) for one in (taker, giver)]
    for secret, mine in zip(secrets, (True, False), strict=True):
        with reader(estate) as browser:
            sign_in(browser, secret)
            text = browser.get("/").text
            assert ("leaves a note for you" in text, "x" * 300 in text) == (mine, mine)
            assert ("/take-over" in text) is mine
            assert ("/take-over" in browser.get("/oncall/acme/primary").text) is mine


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_its_pages_fit_a_phone_and_a_desk(
    ada: Watched, estate: Stage, scheme: str, width: int
) -> None:
    apply(estate)
    apply(estate, "office", OFFICE)
    with begin(estate.engine, installation(), estate.clock) as work:
        passing.leave(work, "acme", "primary", "see https://status.example/" + "x" * 200)
    page = ada.page
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 800})
    for path in ("/oncall", "/oncall/acme/primary", "/oncall/acme/office"):
        page.goto(path)
        expect(page.locator("h1")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_hole_is_named_and_a_link_begins_what_fills_it(client: TestClient, estate: Stage) -> None:
    apply(estate, "office", OFFICE)
    text = client.get("/oncall/acme/office").text
    assert 'class="hole"' in text
    _, _, rest = text.partition('aria-label="Holes"')
    first = re.search(r"(\w{3} \d\d \w{3} 17:00) to (\w{3} \d\d \w{3} 09:00), 16 h", rest)
    assert first
    link = re.search(r'href="([^"#]+17%3A00[^"#]+)#put">Fill it', rest)
    assert link
    begun = client.get(unescape(link[1])).text
    start, end = (
        re.search(r'start" type.*? value="(.+?)"', begun),
        re.search(r'end" type.*? value="(.+?)"', begun),
    )
    assert start
    assert end
    assert (start[1][-5:], end[1][-5:]) == ("17:00", "09:00")
    text = client.get("/oncall/acme/office?since=2026-01-06").text
    assert 'aria-label="Holes"' not in text  # what was cannot be filled
    with reader(estate) as browser:
        sign_in(browser, estate.token(role="auditor"))
        seen = browser.get("/oncall/acme/office").text
    assert 'aria-label="Holes"' in seen
    assert "Fill it" not in seen
    assert "data-rota" not in seen


RECTANGLES = """bar => {
  const { x, y, width, height } = bar.getBoundingClientRect();
  return [x, y, width, height, bar.closest("svg").getBoundingClientRect().width];
}"""


def pull(ada: Watched, bar: Locator, *, begin: float, days: float) -> None:
    """Drag from a place of a bar (0: its start, 1: its end), so many days along."""
    # In one go: what is drawn anew meanwhile has no place any more.
    left, top, width, height, drawing = bar.evaluate(RECTANGLES)
    x, y = left + begin * width, top + height / 2
    day = drawing * (WIDTH - LEFT) / WIDTH / 14
    ada.page.mouse.move(x, y)
    ada.page.mouse.down()
    ada.page.mouse.move(x + days * day / 2, y)
    ada.page.mouse.move(x + days * day, y)


def said(ada: Watched) -> tuple[str, str, str]:
    """Who takes it, from when to when, as the form has it."""
    form = ada.page.locator("[data-rota-form]")
    who, start, end = (
        form.locator(f"#{name}").input_value() for name in ("person", "start", "end")
    )
    return who, start, end


@pytest.mark.browser
def test_a_bar_that_is_dragged_begins_an_override_which_only_the_form_saves(
    ada: Watched, estate: Stage
) -> None:
    apply(estate)
    page = ada.page
    page.set_viewport_size({"width": 1280, "height": 900})
    # From tomorrow on: whichever shift ends today, the first bar is one to be dragged.
    page.goto(f"/oncall/acme/primary?since={(estate.clock() + timedelta(days=1)).date()}")
    bars = page.locator("svg[data-rota] .last [data-start]")
    first = bars.first
    holder, edge = first.get_attribute("data-person"), first.get_attribute("data-end")
    other = bars.nth(1).get_attribute("data-person")
    assert holder
    assert other
    assert edge
    later = f"{datetime.fromisoformat(edge) + timedelta(days=2):%Y-%m-%dT%H:%M}"
    pull(ada, first, begin=0.999, days=2)
    expect(page.locator(".pick")).to_have_count(1)
    page.mouse.up()
    assert said(ada) == (holder, edge, later)  # who ends goes on
    expect(page.locator("[data-rota-said]")).to_contain_text("nothing is saved yet")
    expect(page.locator("#why")).to_be_focused()
    pull(ada, bars.nth(1), begin=0.5, days=1)
    page.keyboard.press("Escape")
    page.mouse.up()
    assert said(ada) == (holder, edge, later)
    expect(page.locator(".pick")).to_have_count(0)
    pull(ada, bars.nth(1), begin=0.001, days=-0.5)
    page.mouse.up()
    assert said(ada)[::2] == (other, edge)  # who begins, begins earlier
    expect(page.locator("#over")).to_contain_text("Nothing lies over the layers")
    pull(ada, first, begin=0.999, days=2)
    page.mouse.up()
    _is_saved_by_the_form(page)


def _is_saved_by_the_form(page: Page) -> None:
    page.get_by_role("button", name="Put it over").click()
    expect(page.locator("#over")).to_contain_text("takes")
    expect(page.locator("[data-rota] .last title", has_text="by override")).to_have_count(1)


@pytest.mark.browser
def test_a_finger_drags_the_last_row_on_a_phone(
    browser: Browser, site: Served, estate: Stage
) -> None:
    apply(estate)
    phone = browser.new_context(
        base_url=site.url,
        viewport={"width": 360, "height": 740},
        has_touch=True,
        is_mobile=True,
        reduced_motion="reduce",  # so that nothing moves beneath the finger
    )
    with watched(phone.new_page(), site.url) as ada:
        page = ada.page
        page.goto("/sign-in")
        page.get_by_label("Token").fill(estate.token())
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/")
        page.goto("/oncall/acme/primary")
        bar = page.locator("svg[data-rota] .last [data-start]").first
        bar.evaluate("node => node.scrollIntoView({block: 'center', inline: 'start'})")
        box = bar.bounding_box()
        assert box
        touch = phone.new_cdp_session(page)
        y = box["y"] + box["height"] / 2
        start = 300.0
        points = [start, start - 20, start - 60, start - 120]
        before = said(ada)
        for kind, x in zip(("touchStart", *["touchMove"] * 3), points, strict=True):
            touch.send(
                "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]}
            )
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        expect(page.locator("[data-rota-said]")).to_contain_text("nothing is saved yet")
        assert said(ada)[1:] != before[1:]
        expect(page.locator("#person")).to_be_in_viewport()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    phone.close()
