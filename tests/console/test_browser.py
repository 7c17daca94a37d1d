"""The console in a real browser, on a real socket."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from prometheus_client import REGISTRY
from sqlalchemy import text

from api.serving import Served
from console.looking import Watched
from console.stage import KNOWN, Stage, resource
from console.test_costs import HEAD
from quarterdeck.access.principals.model import installation
from quarterdeck.governance.costs.service import files
from quarterdeck.governance.sync.service.requests import request_sync
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.work import begin
from quarterdeck.operations.alerts.model import Severity, Sign
from quarterdeck.operations.alerts.service import fire
from waiting import until

pytestmark = pytest.mark.browser

PATHS = (
    "/",
    "/resources",
    "/sync",
    "/trail",
    "/trail/acme/0",
    "/tenants",
    "/tenants/connect",
    "/tokens",
    "/settings",
)
STREAMS = "quarterdeck_http_streams_open"


def log_of(tenant: str) -> str:
    """Where a log stands on a page."""
    return f"[data-log='{tenant}']"


def test_the_first_page_is_verified_in_the_browser_and_says_so(ada: Watched) -> None:
    page = ada.page
    expect(page.locator("h1")).to_contain_text("Estate: current, 2 of 2 tenants known")
    page.get_by_role("button", name="Verify all").click()
    expect(page.locator("[data-verdict='good']")).to_have_count(2)
    expect(page.locator(log_of("acme"))).to_contain_text("Signed by the log's key")
    expect(page.locator(log_of("acme"))).to_contain_text("computed here, is the signed one")
    expect(page.locator("h1")).to_contain_text("logs verified here")
    page.reload()
    expect(page.locator("h1")).to_contain_text("logs verified here")


def test_verifying_again_proves_that_nothing_before_was_rewritten(
    ada: Watched, estate: Stage
) -> None:
    place = ada.page.locator(log_of("acme"))
    place.get_by_role("button").click()
    expect(place.locator("[data-verdict='good']")).to_be_visible()
    estate.pass_time(minutes=1)
    estate.sync()
    ada.page.reload()
    place.get_by_role("button").click()
    expect(place).to_contain_text("nothing before was rewritten")


def test_a_record_that_was_altered_where_it_is_stored_is_found_and_named(
    ada: Watched, estate: Stage
) -> None:
    (old,) = estate.trail.reader.entries("acme", 1, 1)
    new = old.replace(b'"success"', b'"failure"')
    estate.trail.reader.close()
    for path in (estate.folder / "trail").rglob("*"):
        if path.is_file() and old in (found := path.read_bytes()):
            path.write_bytes(found.replace(old, new))
    place = ada.page.locator(log_of("acme"))
    place.get_by_role("button").click()
    expect(place.locator("[data-verdict='bad']")).to_be_visible()
    expect(place).to_contain_text("Record #1 was altered")
    expect(place).to_contain_text("is not the signed one")
    expect(ada.page.locator("h1")).to_contain_text("NOT as it was signed")
    estate.connect("later", "Later")  # what happens now makes the page fetch itself anew
    estate.sync()
    expect(ada.page.locator("main")).to_contain_text("Later")
    expect(ada.page.locator("h1")).to_contain_text("NOT as it was signed")
    ada.page.reload()
    expect(ada.page.locator("h1")).to_contain_text("NOT as it was signed")
    ada.page.goto("/trail/acme/1")
    ada.page.get_by_role("button", name="Verify here").click()
    expect(ada.page.locator("[data-verdict='bad']")).to_contain_text("does not lead to")


def test_a_log_signed_by_another_key_than_the_one_first_seen_is_not_believed(
    ada: Watched,
) -> None:
    page = ada.page
    page.evaluate(
        """() => { const log = document.querySelector("[data-log='acme']");
        localStorage.setItem("quarterdeck:log:" + log.dataset.origin,
          JSON.stringify({vkey: "another", first: Date.now()})); }"""
    )
    place = page.locator(log_of("acme"))
    place.get_by_role("button").click()
    expect(place.locator("[data-verdict='bad']")).to_contain_text("not the one first seen here")


def test_a_record_is_shown_to_lead_to_the_signed_root(ada: Watched) -> None:
    ada.page.goto("/trail/acme/2")
    ada.page.get_by_role("button", name="Verify here").click()
    expect(ada.page.locator("[data-verdict='good']")).to_contain_text("it stands in the log at #2")


def test_without_cryptography_the_page_says_so_and_offers_the_command(
    context: BrowserContext, ada: Watched
) -> None:
    context.add_init_script("Object.defineProperty(crypto, 'subtle', {value: undefined})")
    ada.page.reload()
    place = ada.page.locator(log_of("acme"))
    place.get_by_role("button").click()
    expect(place).to_contain_text("has no cryptography")
    expect(place).to_contain_text("quarterdeck trail verify --tenant acme")


def test_the_keyboard_leads_everywhere(ada: Watched) -> None:
    page = ada.page
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.wait_for_url("**/resources")
    for keys, place in {"gg": "changes", "gS": "slos", "gr": "resources"}.items():
        for key in keys:
            page.keyboard.press(f"Shift+{key}" if key.isupper() else key)
        page.wait_for_url(f"**/{place}")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("j")
    expect(page.locator(":focus")).to_have_text("web-1")
    page.keyboard.press("Enter")
    page.wait_for_url("**/resources/*")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_url("**/resources")
    page.keyboard.press("/")
    page.keyboard.type("db")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=db*")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_hidden()
    page.keyboard.press("Control+k")
    page.keyboard.type("beta")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?tenant=beta")


WIDER = """() => [...document.querySelectorAll('main *')].filter((one) => {
    const around = one.closest('.panel') ?? document.querySelector('main')
    for (let up = one; up && up !== around.parentElement; up = up.parentElement) {
        const style = getComputedStyle(up)
        if (style.position === 'absolute' || style.overflowX !== 'visible') return false
    }
    const right = one.getBoundingClientRect().right
    return one.checkVisibility() && right > around.getBoundingClientRect().right + 1
}).map((one) => one.outerHTML.slice(0, 80))"""
"""What reaches out of its panel, and hides beneath another, or nowhere to be scrolled to."""


SQUEEZED = """() => [...document.querySelectorAll('main :is(a, span)')].filter((one) => {
    const { width, height } = one.getBoundingClientRect()
    return one.checkVisibility() && one.innerText.trim().length > 8 && width < 50 && height > 60
}).map((one) => one.outerHTML.slice(0, 120))"""
"""What is broken between its letters, for what stands beside it takes the room."""


def test_an_alerts_name_is_read_on_a_phone_whatever_is_said_beside_it(
    ada: Watched, estate: Stage
) -> None:
    said = {"error": "connection refused by " + "the gateway " * 12}
    sign = Sign(
        key="k",
        tenant="acme",
        type="Down",
        severity=Severity.CRITICAL,
        title="Payments fail for a third",
        labels={},
        annotations=said,
    )
    with begin(estate.engine, installation(), estate.clock) as work:
        fire(work, sign)
    page = ada.page
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/alerts")
    name = page.get_by_role("link", name="Payments fail for a third").bounding_box()
    assert name is not None
    assert name["height"] < 60
    assert page.evaluate(SQUEEZED) == []
    page.goto("/")
    wanted, board = (page.locator(one).bounding_box() for one in ("#wanted", ".board"))
    assert wanted is not None
    assert board is not None
    assert board["y"] - (wanted["y"] + wanted["height"]) >= 8, "one panel ends before the next"


def test_every_page_fits_320_pixels_in_light_and_dark(ada: Watched) -> None:
    page = ada.page
    for width in (320, 800, 1280, 1440):
        page.set_viewport_size({"width": width, "height": 700})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
            for path in PATHS:
                page.goto(path)
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, (path, wide)
                assert page.evaluate(WIDER) == [], (path, width)
                assert page.evaluate(SQUEEZED) == [], (path, width)


def test_dark_and_light_follow_the_system_until_somebody_chooses(ada: Watched) -> None:
    page = ada.page
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    dark = page.evaluate(ground)
    page.emulate_media(color_scheme="light")
    light = page.evaluate(ground)
    assert dark != light
    page.get_by_label("you, and how the console looks").click()
    page.get_by_role("button", name="Dark").click()
    page.wait_for_load_state()
    assert page.evaluate(ground) == dark


def test_a_page_lives_without_being_loaded_again(ada: Watched, estate: Stage) -> None:
    page = ada.page
    page.evaluate("window.same = true")
    estate.pass_time(minutes=1)
    estate.clouds["acme"].pages = {"s1": [[resource(f"web-{n}") for n in range(9)]]}
    estate.sync()
    row = page.locator("#freshness tr", has_text="Acme")
    expect(row).to_contain_text("9")
    expect(page.locator("#activity")).to_contain_text("9 resources seen")
    assert page.evaluate("window.same")


def test_progress_of_running_work_goes_live(ada: Watched, estate: Stage) -> None:
    with begin(estate.engine, installation(), estate.clock) as work:
        job = request_sync(work, KNOWN, "resources")[0]
    show = text(
        "UPDATE kernel_job SET state = 'running', done = :done, total = 200, unit = 'resources', "
        "started_at = created_at WHERE id = :job"
    )
    row = ada.page.locator(f"[data-job='{job}']")
    for done in (50, 150):
        with estate.engine.begin() as db:
            db.execute(show, {"job": job, "done": done})
        expect(row).to_contain_text(f"{done} of 200 resources")
        expect(row.locator("progress")).to_have_js_property("value", done)


def test_a_page_whose_stream_dropped_looks_frozen(ada: Watched, site: Served) -> None:
    ada.expected = ["ERR_", "Failed to load resource"]
    expect(ada.page.locator("#stale")).to_be_hidden()
    site.stop()
    band = ada.page.locator("#stale")
    expect(band).to_be_visible()
    expect(band).to_contain_text("Stale since")
    expect(ada.page.locator("html.frozen")).to_have_count(1)


def test_the_tabs_of_a_browser_share_one_stream(
    ada: Watched, context: BrowserContext, estate: Stage
) -> None:
    other = context.new_page()
    other.goto("/")
    expect(other.locator("#activity")).to_be_visible()
    estate.pass_time(minutes=1)
    estate.clouds["acme"].pages = {"s1": [[resource(f"web-{n}") for n in range(7)]]}
    estate.sync()
    expect(other.locator("#activity")).to_contain_text("7 resources seen")
    expect(ada.page.locator("#activity")).to_contain_text("7 resources seen")
    until(lambda: REGISTRY.get_sample_value(STREAMS) == 1, what="one stream for both")


@pytest.fixture
def unscripted(context: BrowserContext, site: Served, estate: Stage) -> Iterator[Page]:
    """A page in a browser that runs no script."""
    assert context.browser
    plain = context.browser.new_context(base_url=site.url, java_script_enabled=False)
    page = plain.new_page()
    page.goto("/sign-in")
    page.get_by_label("Token").fill(estate.token())
    page.get_by_role("button", name="Sign in").click()
    yield page
    plain.close()


def test_without_javascript_everything_can_be_read_and_asked_for(unscripted: Page) -> None:
    page = unscripted
    expect(page.locator("h1")).to_contain_text("Estate: current")
    expect(page.locator("[data-log='acme']")).to_contain_text("quarterdeck trail verify")
    expect(page.get_by_role("button", name="Verify here")).to_have_count(0)
    page.get_by_label("Tenant", exact=True).select_option("beta")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**tenant=beta**")
    page.get_by_role("button", name="Sync now").click()
    expect(page.locator("#jobs")).to_contain_text("queued")
    page.get_by_role("link", name="Resources", exact=True).first.click()
    expect(page.locator("tbody")).to_contain_text("db-1")


def test_a_chart_reads_its_days_out_and_is_walked_by_arrow_keys(
    ada: Watched, estate: Stage
) -> None:
    charges = [
        "12.5,EUR,2026-02-01T00:00:00Z,Storage,s9,web",
        "30,EUR,2026-02-03T00:00:00Z,Mail,s9,web",
    ]
    file = "\n".join([HEAD, *charges])
    with begin(estate.engine, installation(), estate.clock) as work:
        files.bring_in(work, TenantId("acme"), file.encode())
    page = ada.page
    page.goto("/costs?start=2026-02-01&end=2026-02-28&currency=EUR")
    readout = page.locator("[data-readout]")
    expect(readout).to_contain_text("arrow keys")
    page.locator("[data-point]").first.focus()
    expect(readout).to_contain_text("2026-02-01: 12.50 = Storage 12.50 EUR")
    page.keyboard.press("ArrowRight")
    expect(readout).to_contain_text("2026-02-02: nothing is known")
    page.keyboard.press("ArrowRight")
    page.locator("[data-point]").nth(0).hover()
    expect(readout).to_contain_text("2026-02-01: ")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("start=2026-02-03&end=2026-02-03"))
    expect(page.locator("[data-point]")).to_have_count(1)
