"""Signing in and out, and forms: what a browser without JavaScript sends."""

import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from console.conftest import reader, sign_in
from console.stage import Stage
from quarterdeck.access.authentication.ports import Challenge
from quarterdeck.access.principals.model import Identity


@pytest.fixture
def stranger(stage: Stage) -> Iterator[TestClient]:
    with reader(stage) as opened:
        yield opened


def test_who_is_not_signed_in_is_asked_to_and_then_led_on(
    stranger: TestClient, stage: Stage
) -> None:
    answer = stranger.get("/resources?q=web")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?then=%2Fresources%3Fq%3Dweb"
    form = {"token": stage.token(), "then": "/resources?q=web"}
    assert stranger.post("/sign-in", data=form).headers["location"] == "/resources?q=web"
    assert stranger.get("/resources?q=web").status_code == 200


def test_nobody_is_led_to_another_site(stranger: TestClient, stage: Stage) -> None:
    for then in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1"):
        answer = stranger.post("/sign-in", data={"token": stage.token(), "then": then})
        assert answer.headers["location"] == "/"


def test_a_token_that_is_no_good_is_refused_with_words_that_help(stranger: TestClient) -> None:
    answer = stranger.post("/sign-in", data={"token": "not-a-token"})
    assert answer.status_code == 401
    assert "Not signed in" in answer.text
    assert "This credential is not known here" in answer.text
    assert "Where do I get a token?" in answer.text


def test_a_first_token_signs_in_once(stranger: TestClient, stage: Stage) -> None:
    token = stage.token()
    sign_in(stranger, token)
    with reader(stage) as second:
        assert second.post("/sign-in", data={"token": token}).status_code == 401


def test_a_foreign_page_signs_nobody_in(stranger: TestClient, stage: Stage) -> None:
    answer = stranger.post(
        "/sign-in", data={"token": stage.token()}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_the_session_is_out_of_reach_of_scripts_and_of_other_sites(
    stranger: TestClient, stage: Stage
) -> None:
    kept = stranger.post("/sign-in", data={"token": stage.token()}).headers["set-cookie"]
    assert "HttpOnly" in kept
    assert "SameSite=lax" in kept


def test_on_https_the_cookie_is_bound_to_its_host(stage: Stage) -> None:
    with TestClient(
        stage.app(), base_url="https://127.0.0.1:8080", follow_redirects=False
    ) as client:
        kept = client.post("/sign-in", data={"token": stage.token()}).headers["set-cookie"]
    assert kept.startswith("__Host-")
    assert "Secure" in kept


def test_signing_out_ends_the_session_for_good(stranger: TestClient, stage: Stage) -> None:
    sign_in(stranger, stage.token())
    cookies = dict(stranger.cookies)
    assert stranger.post("/sign-out").headers["location"] == "/sign-in"
    stranger.cookies.update(cookies)
    assert stranger.get("/").status_code == 303


@pytest.mark.parametrize(
    "path", ["/sign-out", "/sync/resources", "/tokens", "/tenants/connect", "/jobs/x/cancel"]
)
def test_a_form_without_the_token_of_its_page_changes_nothing(
    stranger: TestClient, stage: Stage, path: str
) -> None:
    sign_in(stranger, stage.token())
    del stranger.headers["X-CSRF-Token"]
    answer = stranger.post(path, data={"name": "x", "directory": "y"})
    assert answer.status_code == 403
    assert "Load the page again" in answer.text
    assert stranger.get("/").status_code == 200


def test_a_tenant_is_connected_by_a_plain_form(stranger: TestClient, stage: Stage) -> None:
    sign_in(stranger, stage.token())
    form = {"name": "Gamma", "directory": "gamma", "client": "app", "secret": "env:GAMMA"}
    answer = stranger.post("/tenants/connect", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/tenants/gamma")
    assert "Gamma" in stranger.get("/tenants").text


def test_a_form_that_is_refused_comes_back_as_it_was_with_the_reason(
    stranger: TestClient, stage: Stage
) -> None:
    sign_in(stranger, stage.token())
    form = {"name": "Gamma", "owner": "o'Neill <b>", "client": "app", "secret": "env:GAMMA"}
    answer = stranger.post("/tenants/connect", data=form)
    assert answer.status_code == 422
    assert "Directory must have 1 to 200 characters" in answer.text
    assert 'value="Gamma"' in answer.text
    assert "<b>" not in answer.text.split("</form>")[4]
    assert "No tenant yet" in stranger.get("/tenants").text


def test_a_token_is_made_shown_once_rotated_and_revoked(stranger: TestClient, stage: Stage) -> None:
    sign_in(stranger, stage.token())
    form = {"name": "laptop", "days": "7", "permission": ["resources:read", "access:ask"]}
    made = stranger.post("/tokens", data=form)
    secret = _secret(made.text)
    assert _may(stage, secret) == 200
    assert secret not in stranger.get("/tokens").text
    token = re.findall(r'action="/tokens/([^/"]+)/rotate"', made.text)[0]
    rotated = _secret(stranger.post(f"/tokens/{token}/rotate", data={"overlap": "0"}).text)
    assert (_may(stage, secret), _may(stage, rotated)) == (401, 200)
    living = re.findall(r'action="/tokens/([^/"]+)/revoke"', stranger.get("/tokens").text)[0]
    assert stranger.post(f"/tokens/{living}/revoke").headers["location"] == "/tokens"
    assert _may(stage, rotated) == 401


def test_a_token_without_a_name_is_refused_on_its_page(stranger: TestClient, stage: Stage) -> None:
    sign_in(stranger, stage.token())
    answer = stranger.post("/tokens", data={"name": " ", "days": "7"})
    assert answer.status_code == 422
    assert "No token was made" in answer.text


def test_a_sync_is_asked_for_by_a_plain_form(stranger: TestClient, stage: Stage) -> None:
    sign_in(stranger, stage.token())
    refused = stranger.post("/sync/resources")
    assert refused.status_code == 409
    assert "No cloud directory is connected" in refused.text
    stage.connect("acme", "Acme")
    answer = stranger.post("/sync/resources", data={"tenant": "acme", "back": "/sync"})
    assert answer.headers["location"] == "/sync"
    assert 'data-job="' in stranger.get("/sync").text


def test_a_waiting_job_is_cancelled_by_a_plain_form(stranger: TestClient, stage: Stage) -> None:
    sign_in(stranger, stage.token())
    stage.connect("acme", "Acme")
    stranger.post("/sync/resources")
    job = re.findall(r'action="(/jobs/[^"]+/cancel)"', stranger.get("/sync").text)[0]
    assert stranger.post(job, data={"back": "/sync"}).headers["location"] == "/sync"
    assert "Nothing is running" in stranger.get("/sync").text


def test_theme_and_density_are_chosen_without_javascript(stranger: TestClient) -> None:
    assert "data-theme" not in stranger.get("/sign-in").text
    answer = stranger.post("/preferences", data={"theme": "contrast", "back": "/sign-in"})
    assert answer.headers["location"] == "/sign-in"
    assert 'data-theme="contrast"' in stranger.get("/sign-in").text


def test_a_browser_gets_a_page_about_what_went_wrong_and_a_program_a_document(
    stranger: TestClient, stage: Stage
) -> None:
    sign_in(stranger, stage.token())
    page = stranger.get("/resources/none")
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "It may have been removed" in page.text
    document = stranger.get("/resources/none", headers={"Accept": "application/json"})
    assert document.headers["content-type"] == "application/problem+json"


def test_files_are_kept_for_a_year_under_a_name_that_changes_with_them(
    stranger: TestClient,
) -> None:
    address = re.findall(r'href="(/static/[^"]+/console.css)"', stranger.get("/sign-in").text)[0]
    answer = stranger.get(address)
    assert "immutable" in answer.headers["cache-control"]
    again = stranger.get(address, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    version = address.split("/")[2]
    old = stranger.get(address.replace(version, "0" * 12))
    assert old.headers["cache-control"] == "no-cache"
    assert stranger.get(f"/static/{version}/../app.py").status_code == 404
    assert stranger.get(f"/static/{version}/%2e%2e/app.py").status_code == 404


class Provider:
    """An identity provider that believes whoever brings the code ``good``."""

    def begin(self, redirect_uri: str) -> Challenge:
        url = f"https://id.example/authorize?redirect_uri={redirect_uri}"
        return Challenge(url=url, state="s-1", nonce="n-1", verifier="v-1")

    def finish(self, redirect_uri: str, challenge: Challenge, code: str) -> Identity:
        assert redirect_uri == "http://127.0.0.1:8080/sign-in/callback"
        assert (challenge.nonce, challenge.verifier) == ("n-1", "v-1")
        return Identity(issuer="https://id.example", subject=code, email="")


def test_an_identity_provider_is_offered_and_who_comes_back_unknown_is_told_so(
    stage: Stage,
) -> None:
    stage.provider = Provider()
    with reader(stage) as client:
        assert "Sign in with id.example" in client.get("/sign-in").text
        left = client.get("/sign-in/oidc?then=/sync")
        assert left.headers["location"].startswith("https://id.example/authorize")
        answer = client.get("/sign-in/callback?state=s-1&code=good")
        assert answer.status_code == 401
        assert "known to the identity provider, but not here" in answer.text


def test_an_answer_that_this_browser_did_not_ask_for_signs_nobody_in(stage: Stage) -> None:
    stage.provider = Provider()
    with reader(stage) as client:
        assert client.get("/sign-in/callback?state=s-1&code=good").status_code == 422
        client.get("/sign-in/oidc")
        assert client.get("/sign-in/callback?state=other&code=good").status_code == 422


def _secret(text: str) -> str:
    return str(re.findall(r'id="secret"[^>]*>([^<]+)<', text)[0])


def _may(stage: Stage, secret: str) -> int:
    with TestClient(stage.app(), base_url="http://127.0.0.1:8080") as program:
        headers = {"Authorization": f"Bearer {secret}"}
        return program.get("/api/v1/resources", headers=headers).status_code
