"""The explorer: what one actor did, what befell one thing, one record; in pages and a browser."""

import re

import pytest
from playwright.sync_api import expect
from starlette.testclient import TestClient

from console.looking import Watched
from console.stage import Stage
from quarterdeck.access.principals.model import installation
from quarterdeck.kernel import outbox
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.work import begin
from quarterdeck.trail.freeze import service as freezes
from quarterdeck.trail.projections.service.rebuild import wipe


def test_the_explorer_finds_by_its_filter_bar(client: TestClient) -> None:
    page = client.get("/trail", params={"log_of": "acme", "action": "sync:complete"}).text
    assert "Synced" in page
    assert "Cloud directory connected" not in page
    none = client.get("/trail", params={"log_of": "acme", "actor": "nobody"}).text
    assert "No record is as asked" in none
    assert "What nobody did in Acme" in none


def test_a_record_leads_to_what_its_actor_did_and_what_befell_its_resource(
    client: TestClient,
) -> None:
    page = client.get("/trail/acme/0").text
    assert "/trail?log_of=acme&amp;actor=quarterdeck" in page
    found = client.get("/trail", params={"log_of": "acme", "type": "connections"}).text
    assert "Cloud directory connected" in found


def test_a_record_shows_the_class_of_each_field_and_what_is_committed(client: TestClient) -> None:
    pages = [client.get(f"/trail/acme/{index}").text for index in range(3)]
    assert any("How secret is it?" in page and "committed: its salted" in page for page in pages)


def test_a_record_in_quarantine_says_so_in_the_list_and_by_itself(
    client: TestClient, estate: Stage
) -> None:
    assert "in quarantine" not in client.get("/trail", params={"log_of": "acme"}).text
    with begin(estate.engine, installation(), estate.clock) as work:
        opened = freezes.freeze(work, "tamper", sizes={"acme": 1})
    listed = client.get("/trail", params={"log_of": "acme"}).text
    assert listed.count(">in quarantine<") == estate.trail.reader.size("acme") - 1
    assert opened.id not in client.get("/trail/acme/0").text
    page = client.get("/trail/acme/1").text
    assert "In quarantine: it came while this log was looked into" in page
    assert opened.id in page
    looked = client.get("/trail/integrity").text
    assert re.search(r"in quarantine from record [0-9]+ of ", looked)


def test_an_outcome_that_is_none_is_refused_in_words(client: TestClient) -> None:
    answer = client.get("/trail", params={"outcome": "maybe"}, headers={"Accept": "text/html"})
    assert answer.status_code == 422
    assert "The question cannot be asked so" in answer.text


def test_search_stands_in_the_bar_and_finds_words(client: TestClient) -> None:
    page = client.get("/trail", params={"log_of": "acme", "q": "resources"}).text
    assert 'name="q"' in page
    assert "Synced" in page


def test_the_bar_finds_by_a_committed_field_for_who_may_read_it(
    client: TestClient, estate: Stage
) -> None:
    page = client.get("/trail", params={"log_of": "acme"}).text
    assert 'name="field"' in page
    assert 'data-stream="/api' in page
    found = client.get("/trail", params={"log_of": "acme", "field": "/payload/name:nobody"})
    assert "No record is as asked" in found.text
    # A page that looked again at every fact would make the next fact by looking.
    assert 'data-stream=""' in found.text
    with reading(estate.engine) as db:
        facts = outbox.after(db, "acme", 0, 10_000)
    assert [fact.name for fact in facts].count("FieldsSearched") == 1
    wrong = client.get("/trail", params={"field": "name:x"}, headers={"Accept": "text/html"})
    assert wrong.status_code == 422


def test_a_change_bears_the_leaf_of_its_run(client: TestClient, estate: Stage) -> None:
    (one,) = re.findall(r'href="/resources/([^"?]+)"', client.get("/resources?q=db-1").text)
    page = client.get(f"/resources/{one}").text
    assert re.search(r'href="/trail/beta/[0-9]+', page)
    wipe(estate.explorer.read, "resource", "beta")
    assert not re.search(r'href="/trail/beta/[0-9]+', client.get(f"/resources/{one}").text)


@pytest.mark.browser
def test_filter_and_verification_work_in_a_browser(ada: Watched) -> None:
    page = ada.page
    page.goto("/trail?log_of=acme")
    page.fill("#action", "sync:complete")
    page.get_by_role("button", name="Find", exact=True).click()
    page.locator("[data-list] [data-row]").first.click()
    page.get_by_role("button", name="Verify here").click()
    expect(page.locator("[data-verdict='good']")).to_contain_text("it stands in the log at")
