"""The status page as people write it, and as strangers read it."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from starlette.testclient import TestClient

from console.conftest import reader
from console.looking import Watched
from console.stage import Stage
from quarterdeck.access.principals.model import installation
from quarterdeck.kernel.work import begin
from quarterdeck.operations.statuspage.model.component import Component, Status
from quarterdeck.operations.statuspage.model.page import StatusPage
from quarterdeck.operations.statuspage.service import composing, keeping, posting

HERE = "/status-page/acme"
PAGE = {"of": "acme", "slug": "acme-shop", "title": "Acme Shop", "intro": "How the shop is."}


def shop(estate: Stage) -> None:
    """A published page with components of every kind, and a past."""
    since = estate.ahead
    estate.ahead = since - timedelta(days=40)
    with begin(estate.engine, installation(), estate.clock) as work:
        keeping.put(work, "acme", StatusPage(slug="acme-shop", title="Acme Shop"))
        keeping.publish(work, "acme", shown=True)
        for place, name in enumerate(("checkout", "search", "mail", "api")):
            component = Component(
                name=name,
                title=name.title(),
                group="Shop" if name in ("checkout", "search") else "",
                position=place,
            )
            composing.put(work, "acme", component)
            if name != "mail":
                composing.say(work, "acme", name, Status.OPERATIONAL)
    for days, name, status in ((10, "checkout", Status.MAJOR), (15, "api", Status.DEGRADED)):
        estate.ahead = since - timedelta(days=days)
        with begin(estate.engine, installation(), estate.clock) as work:
            composing.say(work, "acme", name, status)
        estate.pass_time(hours=5)
        with begin(estate.engine, installation(), estate.clock) as work:
            composing.say(work, "acme", name, Status.OPERATIONAL)
    estate.ahead = since
    with begin(estate.engine, installation(), estate.clock) as work:
        new = posting.NewPost(
            title="Orders are late",
            text="Some orders take an hour.\nWe are looking into it.",
            affected={"checkout": Status.PARTIAL},
        )
        posting.post(work, "acme", new)


def test_a_page_is_begun_where_there_is_none(client: TestClient) -> None:
    empty = client.get("/status-page?tenant=acme").text
    assert "has no status page yet" in empty
    assert "Begin here" in empty
    refused = client.post("/status-page", data=PAGE | {"slug": "No Slug"})
    assert (refused.status_code, "is no slug" in refused.text) == (422, True)
    assert 'value="No Slug"' in refused.text
    assert client.post("/status-page", data=PAGE).status_code == 303


def test_a_page_is_filled_published_and_read_by_a_stranger(
    client: TestClient, estate: Stage
) -> None:
    assert client.post("/status-page", data=PAGE).status_code == 303
    assert "Not published" in client.get("/status-page?tenant=acme").text
    stranger = reader(estate)
    assert stranger.get("/status/acme-shop").status_code == 404
    said = {"name": "web", "title": "<b>Web</b>", "follows": "prod/web"}
    assert client.post(f"{HERE}/components", data=said | {"follows": "web"}).status_code == 422
    assert client.post(f"{HERE}/components", data=said).status_code == 303
    assert "&lt;b&gt;Web&lt;/b&gt;" in client.get(f"{HERE}/preview").text
    assert client.post(f"{HERE}/publish", data={"shown": "yes"}).status_code == 303
    page = stranger.get("/status/acme-shop")
    assert page.status_code == 200
    assert "&lt;b&gt;Web&lt;/b&gt;" in page.text
    assert "<b>" not in page.text
    assert "<script" not in page.text
    assert "Not known" in page.text
    assert "nothing watches it" in page.text
    assert re.search(r"Made at <time [^>]+>2\d{3}-", page.text)
    assert "set-cookie" not in page.headers
    same = stranger.get("/status/acme-shop", headers={"If-None-Match": page.headers["etag"]})
    assert same.status_code == 304
    set_ = client.post(f"{HERE}/components/web/status", data={"status": "major_outage"})
    assert set_.status_code == 303
    assert "Major Service Outage" in stranger.get("/status/acme-shop").text
    assert client.post(f"{HERE}/components/web/status", data={"status": "x"}).status_code == 422
    assert client.post(f"{HERE}/publish", data={"shown": ""}).status_code == 303
    assert stranger.get("/status/acme-shop").status_code == 404


@pytest.mark.census("ATP-100", "ATP-445")
def test_a_post_is_composed_goes_overdue_and_ends(client: TestClient, estate: Stage) -> None:
    shop(estate)
    refused = client.post(f"{HERE}/posts", data={"title": "Search is slow", "text": " "})
    assert (refused.status_code, "Search is slow" in refused.text) == (422, True)
    said = {"title": "Search is slow", "text": "Slow.", "affected": ["search=major_outage", ""]}
    assert client.post(f"{HERE}/posts", data=said).status_code == 303
    page = client.get("/status-page?tenant=acme").text
    assert "The next update is due" in page
    assert "overdue" not in page
    estate.pass_time(minutes=61)
    late = client.get("/status-page?tenant=acme").text
    assert "2 posts are overdue" in late
    post = re.findall(r'action="/status-page/acme/posts/([^/]+)/updates"', late)[0]
    done = {"text": "Found it.", "stage": "resolved"}
    assert client.post(f"{HERE}/posts/{post}/updates", data=done).status_code == 303
    assert "1 post is overdue" in client.get("/status-page?tenant=acme").text
    stranger = reader(estate)
    assert "Found it." in stranger.get("/status/acme-shop").text
    one = stranger.get(f"/status/acme-shop/posts/{post}")
    assert ("Slow." in one.text, "Found it." in one.text) == (True, True)
    assert stranger.get("/status/acme-shop/posts/nothing").status_code == 404


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_both_pages_fit_a_phone_and_a_desk(
    ada: Watched, estate: Stage, scheme: str, width: int
) -> None:
    shop(estate)
    page = ada.page
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/status-page?tenant=acme")
    expect(page.get_by_role("heading", name="Open posts")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.goto("/status/acme-shop")
    expect(page.get_by_role("heading", name="Partial System Outage")).to_be_visible()
    expect(page.get_by_text("Orders are late")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
