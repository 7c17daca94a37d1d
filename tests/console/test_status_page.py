"""The status page as people write it, and as strangers read it."""

import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect
from starlette.testclient import TestClient
from typer.testing import CliRunner

from api.serving import Served
from api.test_assembled import bearer
from console.conftest import reader
from console.looking import Watched
from console.stage import Stage
from quarterdeck.access.principals.model import installation
from quarterdeck.cli.main import build_cli
from quarterdeck.console.pages.status_public import links_of
from quarterdeck.kernel.work import begin, read
from quarterdeck.operations.messages.model import Message
from quarterdeck.operations.messages.service import looking as messages
from quarterdeck.operations.statuspage.model.component import Component, Status
from quarterdeck.operations.statuspage.model.page import StatusPage
from quarterdeck.operations.statuspage.model.subscriber import Subscriber
from quarterdeck.operations.statuspage.service import composing, keeping, posting, subscribing

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


def test_what_was_posted_by_mistake_is_withdrawn(client: TestClient, estate: Stage) -> None:
    shop(estate)
    page = client.get("/status-page?tenant=acme").text
    post = re.findall(r'action="/status-page/acme/posts/([^/]+)/withdraw"', page)[0]
    assert client.post(f"{HERE}/posts/{post}/withdraw").status_code == 303
    stranger = reader(estate)
    assert stranger.get(f"/status/acme-shop/posts/{post}").status_code == 404
    assert "Orders are late" not in stranger.get("/status/acme-shop").text
    assert "Partial System Outage" not in stranger.get("/status/acme-shop").text


def test_a_stranger_asks_for_mails_confirms_and_leaves(estate: Stage) -> None:
    shop(estate)
    here = "/status/acme-shop"
    mute = reader(estate)
    assert "/subscribe" not in mute.get(here).text  # without base_url no link leads back
    assert mute.post(f"{here}/subscribe", data={"email": "a@b.example"}).status_code == 422
    estate.base_url = "https://status.example"
    stranger = reader(estate)
    assert f'action="{here}/subscribe"' in stranger.get(here).text
    assert stranger.post(f"{here}/subscribe", data={"email": "nobody"}).status_code == 422
    first = stranger.post(f"{here}/subscribe", data={"email": "ada@example.com"})
    again = [stranger.post(f"{here}/subscribe", data={"email": "ada@example.com"}) for _ in "123"]
    assert {unmade(one.text) for one in again} == {unmade(first.text)}
    mails = told(estate)
    assert len(mails) == 3
    confirm = urlsplit(dict(mails[-1].content.links)["Confirm"]).path
    for asked in (stranger.get(confirm), stranger.get(confirm)):  # by machines, which follow links
        assert (asked.status_code, asked.headers["referrer-policy"]) == (200, "no-referrer")
        assert asked.headers["cache-control"] == "no-store"
        assert "Yes, tell me" in asked.text
    assert subscribers(estate) == []
    assert "Done" in stranger.post(confirm).text
    assert len(subscribers(estate)) == 1
    assert stranger.get(f"{here}/confirm/nothing").status_code == 410
    assert stranger.post(f"{here}/confirm/nothing").status_code == 410


def test_whoever_has_the_link_gets_no_more_mails_whatever_became_of_the_page(
    estate: Stage,
) -> None:
    shop(estate)
    estate.base_url = "https://status.example"
    stranger, links = reader(estate), links_of(estate.runtime())
    with begin(estate.engine, installation(), estate.clock) as work:
        subscribing.ask(work, keeping.one(work, "acme"), "ada@example.com", links)
    asked = urlsplit(dict(told(estate)[0].content.links)["Confirm"]).path
    stranger.post(asked)
    [one] = subscribers(estate)
    with begin(estate.engine, installation(), estate.clock) as work:
        keeping.publish(work, "acme", shown=False)
    leave = urlsplit(links_of(estate.runtime()).ending("acme-shop", one.id)).path
    assert "No more mails" in stranger.get(leave).text
    assert [known.id for known in subscribers(estate)] == [one.id]
    pressed = stranger.post(leave, data={"List-Unsubscribe": "One-Click"})
    assert "no more mails" in pressed.text
    assert subscribers(estate) == []
    assert stranger.post(leave).status_code == 404  # a stranger, to whom there is no page


def told(estate: Stage) -> list[Message]:
    with read(estate.engine, installation(), estate.clock) as work:
        return sorted(messages.listed(work), key=lambda one: one.seq)


def subscribers(estate: Stage) -> list[Subscriber]:
    with read(estate.engine, installation(), estate.clock) as work:
        return subscribing.listed(work, "acme")


def test_the_platforms_own_page_stands_at_the_short_address(estate: Stage) -> None:
    stranger = reader(estate)
    assert stranger.get("/status").status_code == 404
    with begin(estate.engine, installation(), estate.clock) as work:
        keeping.put(work, "_platform", StatusPage(slug="us", title="Ourselves"))
        assert stranger.get("/status").status_code == 404
    with begin(estate.engine, installation(), estate.clock) as work:
        keeping.publish(work, "_platform", shown=True)
    assert "Ourselves" in stranger.get("/status").text
    assert "No component is shown yet" in stranger.get("/status").text


def test_what_is_exported_is_what_is_served(estate: Stage, site: Served, tmp_path: Path) -> None:
    shop(estate)
    token = bearer(estate, "admin")["Authorization"].removeprefix("Bearer ")
    environment = {"QUARTERDECK_URL": site.url, "QUARTERDECK_TOKEN": token}
    out = tmp_path / "out"
    line = ["statuspage", "export", str(out), "--tenant", "acme"]
    done = CliRunner().invoke(build_cli(lambda: None), line, env=environment)
    assert (done.exit_code, done.stderr) == (0, f"9 files in {out}\n")
    stranger = reader(estate)
    files = [path for path in out.rglob("*") if path.is_file()]
    for file in files:
        path = f"/{file.relative_to(out)}".removesuffix("/index.html")
        assert unmade(file.read_text()) == unmade(stranger.get(path).text), path
    page = (out / "status" / "acme-shop" / "index.html").read_text()
    assert '<link rel="stylesheet"' not in page
    assert len(files) == 9


def unmade(text: str) -> str:
    """A page without when it was made."""
    made = r'(Made at <time datetime=")[^"]*(">)[^<]*|("made_at": ")[^"]*'
    return re.sub(made, "", text)


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
