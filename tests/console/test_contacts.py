"""The page of contacts, and who is suggested beside an alert."""

import pytest
from playwright.sync_api import expect
from starlette.testclient import TestClient

from console.looking import Watched
from console.stage import Stage
from packs.test_watched import SHIPPED
from quarterdeck.access.principals.model import installation
from quarterdeck.kernel.work import begin
from quarterdeck.operations.contacts import service
from quarterdeck.packs import loader
from quarterdeck.packs.reading import files_of

SAID = {
    "of": "acme",
    "name": "database",
    "title": "Database experts",
    "section": "expert",
    "channels": "mail dba@example.com\nphone +1-555-0202 | the administrator\n",
    "topics": "database, sql",
    "responds_in_min": "30",
}


def test_a_contact_is_written_found_edited_and_deleted(client: TestClient, estate: Stage) -> None:
    empty = client.get("/contacts").text
    assert "Nobody is in the directory yet" in empty
    assert "Write the first below" in empty
    refused = client.post("/contacts", data=SAID | {"channels": "smoke hill"})
    assert (refused.status_code, "expected how and where" in refused.text) == (422, True)
    assert 'value="Database experts"' in refused.text
    done = client.post("/contacts", data=SAID, follow_redirects=True)
    assert done.status_code == 200
    for shown in ("mailto:dba%40example.com", "tel:%2B1-555-0202", "the administrator", "30 min"):
        assert shown in done.text
    assert "No contact fits" in client.get("/contacts?q=network").text
    assert "Database experts" in client.get("/contacts?q=data+0202").text
    edit = client.get("/contacts?edit=acme/database").text
    assert "Edit database" in edit
    assert "phone +1-555-0202 | the administrator" in edit
    stale = client.post("/contacts", data=SAID)
    assert (stale.status_code, "is at version 1, not 0" in stale.text) == (422, True)
    changed = client.post("/contacts", data=SAID | {"expected": "1", "critical_only": "true"})
    assert changed.status_code == 303
    assert "critical only" in client.get("/contacts").text
    gone = client.post(
        "/contacts/acme/database/delete", data={"expected": "2"}, follow_redirects=True
    )
    assert "Nobody is in the directory yet" in gone.text
    with begin(estate.engine, installation(), estate.clock) as work:
        assert service.listed(work) == []


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_directory_fits_a_phone_and_a_desk(
    ada: Watched, estate: Stage, scheme: str, width: int
) -> None:
    with begin(estate.engine, installation(), estate.clock) as work:
        loader.apply(work, files_of(SHIPPED / "atp"))
        written = len(service.listed(work))
    page = ada.page
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/contacts")
    expect(page.get_by_role("heading", name=f"{written} contacts")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("searchbox", name="Find", exact=True).fill("vault")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("When").fill("office hours")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("office hours")).to_be_visible()
