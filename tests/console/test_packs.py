"""The pages of packs: what one would change, what is wrong in it, and its application."""

import pytest
from playwright.sync_api import expect
from starlette.testclient import TestClient

from console.conftest import reader, sign_in
from console.looking import Watched
from console.stage import Stage
from quarterdeck.access.principals.model import installation
from quarterdeck.kernel.work import begin
from quarterdeck.operations.contacts import service
from quarterdeck.packs.shipped import names, shipped

HERE = "/packs"
DIGEST = shipped("cloudgov").pack.digest


def test_the_list_says_of_each_pack_what_is_wrong(client: TestClient) -> None:
    text = client.get(HERE).text
    assert "5 packs of policy, each can be applied" in text
    for name in names():
        assert f'href="/packs/{name}"' in text
    assert client.get(f"{HERE}/no-such").status_code == 404
    assert client.get(f"{HERE}/..%2Fatp").status_code == 404


def test_a_pack_is_seen_before_it_is_applied_and_then_stands(
    client: TestClient, estate: Stage
) -> None:
    page = client.get(f"{HERE}/cloudgov").text
    assert "would change here" in page
    assert "statements.yaml:9 (L100)" in page
    assert "statements.yaml:7 (L48)" in page
    assert "Nothing makes it true" in page
    unseen = client.post(f"{HERE}/cloudgov/apply", data={"digest": DIGEST})
    assert (unseen.status_code, "say that you have seen" in unseen.text) == (422, True)
    other = client.post(f"{HERE}/cloudgov/apply", data={"digest": "0" * 64, "seen": "yes"})
    assert (other.status_code, "is another since you saw it" in other.text) == (422, True)
    with begin(estate.engine, installation(), estate.clock) as work:
        assert service.listed(work) == []
    done = client.post(f"{HERE}/cloudgov/apply", data={"digest": DIGEST, "seen": "yes"})
    assert (done.status_code, done.headers["location"]) == (303, f"{HERE}/cloudgov")
    assert "Cloud governance service: stands here as it is" in client.get(f"{HERE}/cloudgov").text
    with begin(estate.engine, installation(), estate.clock) as work:
        assert len(service.listed(work)) == 2


def test_who_may_only_look_is_offered_nothing_and_refused(estate: Stage) -> None:
    with reader(estate) as auditor:
        sign_in(auditor, estate.token("auditor"))
        page = auditor.get(f"{HERE}/cloudgov").text
        assert "would change here" in page
        assert "Apply cloudgov" not in page
        said = {"digest": DIGEST, "seen": "yes"}
        answer = auditor.post(f"{HERE}/cloudgov/apply", data=said)
        assert answer.status_code == 403
        assert "would change here" in auditor.get(f"{HERE}/cloudgov").text


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1280])
def test_a_pack_is_applied_on_a_phone_and_at_a_desk(ada: Watched, width: int) -> None:
    page = ada.page
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(HERE)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("link", name="Audit Trail Platform").click()
    expect(page.get_by_role("heading", name="would change here")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_label("I have seen what changes").check()
    page.get_by_role("button", name="Apply atp").click()
    expect(page.get_by_role("heading", name="stands here as it is")).to_be_visible()
