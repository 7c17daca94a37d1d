"""Alerts, silences and routing in the console; by keyboard, and within the thumb's reach."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from api.serving import Served
from console.looking import Watched
from console.stage import Stage
from operations.alerts.test_pushing import Watch
from quarterdeck.access.principals.model import installation
from quarterdeck.api.examples import BODIES
from quarterdeck.operations.contacts import service as contacts
from quarterdeck.operations.contacts.model import Channel, Contact, Means, Section
from quarterdeck.operations.routing.service import configuring
from quarterdeck.operations.routing.store.table import configs
from quarterdeck.operations.silences import service as silences
from quarterdeck.operations.silences.matchers import parse
from quarterdeck.operations.silences.model import Wanted

LABELS = {"alertname": "HighLatency", "service": "checkout", "severity": "critical"}


@pytest.fixture
def fired(estate: Stage) -> Watch:
    """Three alerts of acme, and its routing."""
    watch = Watch(estate.engine, now=estate.clock())
    watch.push(LABELS | {"node": "a"}, LABELS | {"node": "b"}, {"alertname": "<b>Bold</b>"})
    with watch.work(installation()) as work:
        configuring.apply(work, "acme", BODIES["apply_routing"]["text"])
    return watch


def test_what_wakes_people_for_nothing_is_told(client: TestClient, fired: Watch) -> None:
    fired.push(LABELS | {"node": "a"}, ends_in=timedelta(seconds=-1))
    fired.expire()
    assert 'href="/alerts/noise"' in client.get("/alerts").text
    text = client.get("/alerts/noise").text
    assert "1 of 3 alerts ended with nobody on it in 30 days" in text
    assert "&lt;b&gt;Bold" in text
    assert "50 %" in text or "50%" in text


@pytest.mark.usefixtures("fired")
def test_chosen_alerts_are_handled_and_that_is_undone(client: TestClient) -> None:
    page = client.get("/alerts?type=HighLatency").text
    chosen = re.findall(r'name="alert" value="(\d+)"', page)
    assert len(chosen) == 2
    assert "&lt;b&gt;Bold" in client.get("/alerts").text
    for action, word in (("acknowledge", "acknowledged"), ("resolve", "resolved")):
        asked = {"alert": chosen, "back": "/alerts?type=HighLatency"}
        done = client.post(f"/alerts/{action}", data=asked)
        page = client.get(done.headers["location"]).text
        assert f"2 alerts {word}." in page
        undo = client.post(f"/alerts/{action}", data={"alert": chosen, "undo": "true"})
        assert undo.status_code == 303
    assert "looked after" not in client.get("/alerts").text
    assert client.post("/alerts/resolve", data={"alert": str(2**40)}).status_code == 422


def test_an_alerts_page_says_who_knows_about_it(client: TestClient, fired: Watch) -> None:
    way = Channel(means=Means.CHAT, address="#checkout")
    known = Contact(
        name="shop",
        title="Shop experts",
        section=Section.EXPERT,
        channels=(way,),
        topics=("checkout",),
    )
    alert = re.findall(r"/alerts/(\d+)", client.get("/alerts?type=HighLatency").text)[0]
    assert "Who knows about it" not in client.get(f"/alerts/{alert}").text
    with fired.work(installation()) as work:
        contacts.put(work, "acme", known)
    page = client.get(f"/alerts/{alert}").text
    assert ("Shop experts" in page, "#checkout" in page) == (True, True)


@pytest.mark.usefixtures("fired")
def test_an_alerts_page_says_what_since_when_who_and_what_to_do(client: TestClient) -> None:
    alert = re.findall(r"/alerts/(\d+)", client.get("/alerts?type=HighLatency").text)[0]
    page = client.get(f"/alerts/{alert}").text
    for words in (
        "fires since",
        "nobody looks after it",
        "What to do",
        "Goes to",
        "pager",
        "checkout",
    ):
        assert words in page
    client.post("/alerts/acknowledge", data={"alert": alert, "back": f"/alerts/{alert}"})
    assert "looked after by" in client.get(f"/alerts/{alert}").text
    client.post("/alerts/resolve", data={"alert": alert, "back": f"/alerts/{alert}"})
    assert "Reopen" in client.get(f"/alerts/{alert}").text
    assert client.get("/alerts/999").status_code == 404


@pytest.mark.usefixtures("fired")
def test_a_silence_is_previewed_from_an_alert_made_and_expired(client: TestClient) -> None:
    asked = {"of": "acme", "matchers": 'service="checkout"\nnode=~"a|z"', "hours": "1"}
    page = client.get("/silences", params=asked).text
    assert "It would mute 1 alert that fires now." in page
    assert client.post("/silences", data=asked | {"comment": "at work"}).status_code == 303
    page = client.get("/silences").text
    assert "1 silence holds" in page
    silence = re.findall(r"/silences/([0-9a-f-]{36})/expire", page)[0]
    muted = re.findall(r"/alerts/(\d+)", client.get("/alerts?label=node%3Da").text)[0]
    assert "Wakes nobody" in client.get(f"/alerts/{muted}").text
    assert client.post(f"/silences/{silence}/expire", data={}).status_code == 303
    assert "Nothing is silenced" in client.get("/silences").text
    refused = client.post("/silences", data=asked | {"matchers": "a=~("})
    assert "no regular expression" in refused.text


def test_silences_that_ended_and_that_are_to_come_are_told_apart(
    client: TestClient, fired: Watch
) -> None:
    hour = timedelta(hours=1)
    with fired.work(installation()) as work:
        for name, begins in (("over", None), ("held", None), ("later", work.now + hour)):
            wanted = Wanted(
                matchers=parse(f"a={name}"),
                starts_at=begins,
                ends_at=work.now + 2 * hour,
                comment="",
            )
            made = silences.silence(work, "acme", wanted)
            if name == "over":
                silences.expire(work, made.id)
    page = client.get("/silences").text
    assert "1 silence holds" in page
    assert "1 silence to come, the next" in page
    shown = {
        state: re.findall(r"a=&#34;(\w+)&#34;", client.get(f"/silences?state={state}").text)
        for state in ("", "active", "pending", "expired")
    }
    assert shown.pop("") == ["held", "later", "over"]
    assert shown == {"active": ["held"], "pending": ["later"], "expired": ["over"]}
    assert "1 silence holds" in client.get("/silences?state=expired").text


@pytest.mark.usefixtures("fired")
def test_routing_is_shown_tried_and_refused_with_its_line(client: TestClient) -> None:
    page = client.get("/routing?of=acme&labels=severity%3Dcritical").text
    assert "It would go to pager" in page
    assert "Nobody was told anything yet" in page
    wrong = {"of": "acme", "text": "route:\r\n  receiver: nobody\r\nreceivers: []"}
    assert "line 2: undefined receiver" in client.post("/routing", data=wrong).text
    good = {"of": "acme", "text": BODIES["apply_routing"]["text"] + "\n# again\n"}
    assert client.post("/routing", data=good).status_code == 303
    assert "Version 2" in client.get("/routing?of=acme").text


@pytest.mark.usefixtures("fired")
def test_routing_that_can_be_read_no_more_is_said_and_mended(
    client: TestClient, estate: Stage
) -> None:
    with estate.engine.begin() as db:
        db.execute(update(configs).values(text="route:\n  nobody: x\nreceivers: []"))
    page = client.get("/routing?of=acme").text
    assert "can be read no more" in page
    assert "line 2: field nobody not found" in page
    assert client.get(re.findall(r"/alerts/\d+", client.get("/alerts").text)[0]).status_code == 200
    good = {"of": "acme", "text": BODIES["apply_routing"]["text"]}
    assert client.post("/routing", data=good).status_code == 303
    assert "can be read no more" not in client.get("/routing?of=acme").text


@pytest.mark.browser
@pytest.mark.usefixtures("fired")
def test_alerts_are_handled_by_keyboard_and_by_thumb(ada: Watched, site: Served) -> None:
    page = ada.page
    page.goto("/alerts?type=HighLatency")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("a")
    page.get_by_text("1 alert acknowledged.").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("1 alert no longer acknowledged.").wait_for()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/alerts/\d+"))
    page.set_viewport_size({"width": 390, "height": 844})
    button = page.get_by_role("button", name="Acknowledge")
    box = button.bounding_box()
    assert box
    assert box["height"] >= 44
    assert 844 * 0.6 < box["y"] + box["height"] <= 844
    page.keyboard.press("a")
    page.get_by_text("looked after by").wait_for()
    page.keyboard.press("s")
    page.wait_for_url(re.compile(r"/silences\?"))
    assert 'service="checkout"' in page.get_by_label("Matchers").input_value()
    assert site.url in page.url
