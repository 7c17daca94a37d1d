"""Integrity in the console: how far logs were checked, segments' results, freezes, scope."""

import fcntl
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from starlette.testclient import TestClient

from console.looking import Watched
from console.stage import Stage
from quarterdeck.access.principals.model import installation
from quarterdeck.kernel.work import begin
from quarterdeck.trail.freeze import service as freezes
from quarterdeck.trail.integrity.watch import Watcher
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.policy import service as policy
from quarterdeck.trail.policy.model import Kind as PolicyKind
from quarterdeck.trail.retention.service.planning import Ground
from quarterdeck.trail.retention.service.watching import ComplianceWatch
from quarterdeck.trail.segments.model import Sealing
from quarterdeck.trail.segments.sealing import Sealer
from quarterdeck.trail.segments.storage.files import FileSegments

HERE = "/trail/integrity"


def sent(client: TestClient, path: str, **fields: str) -> str:
    """A form, and the page that it leads to."""
    answer = client.post(path, data={"csrf": client.headers["X-CSRF-Token"], **fields})
    if answer.status_code == 303:
        answer = client.get(answer.headers["location"].partition("#")[0])
    return answer.text


def watch(estate: Stage) -> int:
    """One beat of the running check."""
    return Watcher(
        engine=estate.engine,
        keys=KeyStore(estate.folder / "keys"),
        reader=estate.trail.reader,
        clock=estate.clock,
        store=FileSegments(estate.folder / "worm"),
        removal=estate.trail.removal,
    ).beat()


@pytest.fixture
def sealed(estate: Stage) -> Stage:
    """Everything that is signed is sealed too."""
    Sealer(
        engine=estate.engine,
        keys=KeyStore(estate.folder / "keys"),
        reader=estate.trail.reader,
        store=FileSegments(estate.folder / "worm"),
        clock=estate.clock,
        sealing=Sealing(most=1),
    ).beat()
    return estate


def test_a_log_is_unknown_then_as_signed_then_stale(client: TestClient, estate: Stage) -> None:
    page = client.get(HERE).text
    assert "not checked yet" in page
    assert "not checked lately" in page
    watch(estate)
    page = client.get(HERE).text
    assert "checked, nothing found" in page
    assert "as signed" in page
    estate.pass_time(minutes=11)
    assert re.search(r"Integrity: \d of \d logs not checked lately", client.get(HERE).text)


@pytest.mark.census("ATP-450", "ATP-505")
def test_each_segment_shows_its_three_results(client: TestClient, sealed: Stage) -> None:
    page = client.get(f"{HERE}/acme").text
    assert "acme-000000" in page
    assert page.count(">not known<") >= 3
    for _ in range(2):
        watch(sealed)
    assert client.get(f"{HERE}/acme").text.count(">right<") >= 3
    manifest = sealed.folder / "worm/standard/acme/segments/000000"
    content = manifest.read_bytes()
    manifest.unlink()
    manifest.write_bytes(content + b"x")
    page = sent(client, f"{HERE}/segments/acme-000000/check")
    assert "its manifest in the segment store is another than the one listed" in page


def test_others_write_while_a_segment_is_checked(
    client: TestClient, sealed: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    get, turns = FileSegments.get, list[str]()

    def late(self: FileSegments, key: str) -> bytes | None:
        database = Path(sealed.engine.url.database or "")
        with database.with_name("write.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # whoever writes waits for it
        turns.append(key)
        return get(self, key)

    monkeypatch.setattr(FileSegments, "get", late)
    assert sent(client, f"{HERE}/segments/acme-000000/check").count(">right<") >= 3
    assert turns


@pytest.mark.census("ATP-396", "ATP-400", "ATP-507")
def test_a_freeze_ends_with_an_outcome_and_a_root_cause(client: TestClient, estate: Stage) -> None:
    tenants = sorted(estate.trail.reader.sizes())
    page = sent(client, f"{HERE}/freeze", reason="tamper-investigation", tenant="acme")
    assert "purge and export are frozen, 1 investigation open" in page
    assert "acme" in tenants
    refused = client.post(
        "/trail/exports", data={"csrf": client.headers["X-CSRF-Token"], "tenant": "acme"}
    )
    assert refused.status_code == 409
    found = re.search(rf'action="({HERE}/investigations/[^"]+)/end"', page)
    assert found
    assert "without an outcome the freeze stays" in sent(client, f"{found[1]}/end", root_cause="x")
    assert "he root cause is needed" in sent(client, f"{found[1]}/end", outcome="confirmed")
    page = sent(client, f"{found[1]}/end", outcome="confirmed", root_cause="a stolen key")
    assert "a stolen key" in page
    assert "held" in page
    page = sent(client, f"{found[1]}/release")
    assert "none held" in page


@pytest.mark.census("ATP-452")
def test_the_scope_of_a_loss_is_a_page(client: TestClient, sealed: Stage) -> None:
    page = client.get(f"{HERE}/acme/scope").text
    assert "none is missing" in page
    (sealed.folder / "worm/standard/acme/segments/000000").unlink()
    page = sent(client, f"{HERE}/freeze", reason="lost", tenant="acme", suspicion="data-loss")
    assert "Purge, export and ingest are refused" in page
    assert f"{HERE}/acme/scope" in page


@pytest.mark.census("ATP-449")
def test_that_nothing_is_accepted_is_said_on_every_page_to_who_reads_that_log(
    client: TestClient, estate: Stage
) -> None:
    from console.conftest import reader, sign_in  # noqa: PLC0415

    with begin(estate.engine, installation(), estate.clock) as work:
        freezes.suspected(work, "acme", "INC-2026-000001", "Records are gone", "p-1", {})
    for path in ("/", "/trail", "/incidents", "/trail?tenant=acme"):
        page = client.get(path).text
        assert "Nothing is accepted." in page, path
        assert "The trail of Acme refuses" in page
        assert "/incidents/INC-2026-000001" in page
    assert "Nothing is accepted." not in client.get("/trail?tenant=beta").text
    assert "INC-2026-000001</a>: Records are gone" in client.get(HERE).text
    with reader(estate) as other:
        sign_in(other, estate.token("auditor", "beta", home="beta"))
        assert "Nothing is accepted." not in other.get("/trail").text


def test_who_may_not_investigate_is_offered_nothing(client: TestClient, estate: Stage) -> None:
    from console.conftest import reader, sign_in  # noqa: PLC0415

    sent(client, f"{HERE}/freeze", reason="a look", tenant="acme")
    with reader(estate) as other:
        sign_in(other, estate.token("auditor", "acme", home="acme"))
        page = other.get(HERE).text
        assert "a look" in page
        assert "Unfreeze" not in page
        assert "Freeze purge" not in page


@pytest.mark.browser
def test_it_fits_a_phone_and_freezes_in_a_browser(ada: Watched, sealed: Stage) -> None:
    watch(sealed)
    page = ada.page
    page.goto(HERE)
    expect(page.locator("h1")).to_contain_text("checked, nothing found")
    page.get_by_label("Why").fill("a look")
    page.get_by_role("button", name="Freeze").click()
    expect(page.locator("h1")).to_contain_text("purge and export are frozen")
    page.set_viewport_size({"width": 390, "height": 844})
    for path in (HERE, f"{HERE}/acme", f"{HERE}/acme/scope"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    page.goto(f"{HERE}/acme")
    page.get_by_role("button", name="Check").first.click()
    expect(page.get_by_text("right").first).to_be_visible()
    assert Path(sealed.folder / "worm").exists()


def test_a_promise_is_broken_or_not_known_and_what_is_refused_is_said(
    client: TestClient, estate: Stage
) -> None:
    assert "Nothing is promised" in client.get(HERE).text
    with begin(estate.engine, installation(), estate.clock) as work:
        rules = {"storage": ["eu-north-1"], "sources": ["eu-north-1"]}
        policy.put(work, "acme", PolicyKind.RESIDENCY, rules)
    ground = Ground(reader=estate.trail.reader, removal=estate.trail.removal)
    ComplianceWatch(
        engine=estate.engine,
        ground=ground,
        clock=estate.clock,
        stores={"records": "us-east-1", "segments": ""},
    ).beat()
    page = client.get(HERE).text
    assert "Records stand against policy: Acme" in page
    assert "stored: records in us-east-1; allowed: eu-north-1" in page
    estate.pass_time(minutes=11)
    assert "not looked at lately" in client.get(HERE).text
