"""Fixtures of the console's tests: an installation, and browsers that look at it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from playwright.sync_api import Browser, BrowserContext
from starlette.testclient import TestClient

from api.serving import Served, served
from console.looking import Watched, watched
from console.stage import Stage, resource
from servers import databases

BASE = "http://127.0.0.1:8080"


@pytest.fixture(autouse=True)
def plain_logs() -> Iterator[None]:
    """Logs as JSON lines: drawing a trace in colours takes seconds."""
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
        cache_logger_on_first_use=False,
    )
    yield
    structlog.reset_defaults()


@pytest.fixture
def stage(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """An installation with nothing in it, on SQLite."""
    template = tmp_path_factory.getbasetemp() / "tables.db"
    with databases.opened(databases.sqlite(template, tmp_path)) as engine:
        opened = Stage(engine, tmp_path)
        yield opened
        opened.trail.close()


@pytest.fixture
def estate(stage: Stage) -> Stage:
    """One with two tenants, synced and signed."""
    stage.connect("acme", "Acme", resource("web-1"), resource("web-2", tags={"env": "prod"}))
    stage.connect("beta", "Beta", resource("db-1", "Microsoft.Sql/servers"))
    stage.sync()
    return stage


@pytest.fixture
def client(estate: Stage) -> Iterator[TestClient]:
    """A browser without JavaScript; ``ada``, an admin, is signed in."""
    with reader(estate) as opened:
        sign_in(opened, estate.token())
        yield opened


def reader(stage: Stage) -> TestClient:
    """A browser without JavaScript, on another machine; nobody is signed in."""
    return TestClient(
        stage.app(),
        base_url=BASE,
        follow_redirects=False,
        client=("192.0.2.7", 50000),
        headers={"Accept": "text/html"},
    )


def sign_in(client: TestClient, token: str) -> None:
    answer = client.post("/sign-in", data={"token": token})
    assert answer.status_code == 303, answer.text
    estate_settles(client)


def estate_settles(client: TestClient) -> None:
    """Keep the session's CSRF token where ``post`` finds it."""
    text = client.get("/").text
    client.headers["X-CSRF-Token"] = text.split('name="csrf" value="')[1].split('"')[0]


@pytest.fixture
def site(estate: Stage) -> Iterator[Served]:
    """The console on a real socket."""
    runtime = estate.runtime()
    with served(estate.app(), runtime) as found:
        yield found


@pytest.fixture
def context(browser: Browser, site: Served) -> Iterator[BrowserContext]:
    """A browser's profile, at the console's address."""
    opened = browser.new_context(base_url=site.url, color_scheme="dark")
    opened.set_default_timeout(10_000)
    yield opened
    opened.close()


@pytest.fixture
def ada(context: BrowserContext, estate: Stage, site: Served) -> Iterator[Watched]:
    """An admin's page, signed in, at the first page. In the end nothing was complained of."""
    with watched(context.new_page(), site.url) as found:
        found.page.goto("/sign-in")
        found.page.get_by_label("Token").fill(estate.token())
        found.page.get_by_role("button", name="Sign in").click()
        found.page.wait_for_url("**/")
        yield found
