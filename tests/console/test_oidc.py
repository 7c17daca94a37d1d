"""Signing in by way of a provider of others, the whole round."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from console.stage import Stage
from quarterdeck.access.principals import service as principals
from quarterdeck.access.principals.model import Kind, installation
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.work import begin
from quarterdeck.providers.oidc.provider import OidcProvider
from servers import oidc

# The provider uses parts of its own libraries that will go.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def issuer() -> Iterator[str]:
    with oidc.provider() as found:
        yield found


@pytest.fixture
def browser_of(stage: Stage, issuer: str) -> Iterator[TestClient]:
    provider = OidcProvider(issuer, "console", "a secret", utc_now)
    stage.provider = provider
    with begin(stage.engine, installation(), utc_now) as work:
        ada = principals.create(work, Kind.PERSON, "Ada", email="ada@example.com")
        principals.grant(work, ada.id, "auditor", "_platform")
    with TestClient(
        stage.app(), base_url="http://127.0.0.1:8080", follow_redirects=False
    ) as opened:
        yield opened
    provider.close()


def test_who_the_provider_knows_and_we_know_is_in(browser_of: TestClient) -> None:
    left = browser_of.get("/sign-in/oidc?then=/resources")
    back = oidc.signed_in(left.headers["location"], "ada")
    answer = browser_of.get("/sign-in/callback", params=back)
    assert (answer.status_code, answer.headers["location"]) == (303, "/resources")
    assert browser_of.get("/resources").status_code == 200


@pytest.mark.parametrize("who", ["bob", "eve"])
def test_who_we_do_not_know_is_told_what_to_do(browser_of: TestClient, who: str) -> None:
    left = browser_of.get("/sign-in/oidc")
    answer = browser_of.get(
        "/sign-in/callback", params=oidc.signed_in(left.headers["location"], who)
    )
    assert answer.status_code == 401
    assert "ask an admin to add you" in answer.text


def test_a_way_back_cannot_be_walked_twice(browser_of: TestClient) -> None:
    left = browser_of.get("/sign-in/oidc")
    back = oidc.signed_in(left.headers["location"], "ada")
    assert browser_of.get("/sign-in/callback", params=back).status_code == 303
    assert browser_of.get("/sign-in/callback", params=back).status_code != 303


def test_a_way_back_after_ten_minutes_is_too_late(browser_of: TestClient, stage: Stage) -> None:
    left = browser_of.get("/sign-in/oidc")
    back = oidc.signed_in(left.headers["location"], "ada")
    kept = browser_of.cookies.get("sign-in")  # a browser that does not mind how long it holds
    stage.pass_time(minutes=11)
    answer = browser_of.get("/sign-in/callback", params=back, cookies={"sign-in": kept or ""})
    assert (answer.status_code, "ten minutes" in answer.text) == (422, True)
