"""Dead letters in the console: seen, rehearsed, replayed, put away; each also without script."""

import re
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from console.conftest import reader, sign_in
from console.stage import Stage
from quarterdeck.trail.deliveries.model import Reason
from trail.deliveries.letters import NAME, put_dead

HERE = "/trail/dead-letters"


def csrf(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found
    return found[1]


@pytest.fixture
def post(client: TestClient) -> Callable[..., str]:
    """Sends a form of the page of dead letters, and what it leads to."""
    token = csrf(client.get("/tokens").text)

    def sent(path: str, **fields: str) -> str:
        answer = client.post(path, data={"csrf": token, **fields})
        if answer.status_code == 303:
            answer = client.get(answer.headers["location"])
        assert answer.status_code == 200, answer.text
        return answer.text

    return sent


@pytest.mark.census("ATP-277")
def test_a_dead_letter_says_what_it_indicates_and_what_to_do(
    client: TestClient, estate: Stage
) -> None:
    known = put_dead(estate.engine, "acme", Reason.UNAUTHORIZED, index=0)
    page = client.get(HERE).text
    assert "1 dead letter" in page
    assert f"{HERE}/{NAME}/{known}" in page
    page = client.get(f"{HERE}/{NAME}/{known}").text
    for part in ("RBAC/credential issue", "Fix managed identity permissions", "Fix credentials"):
        assert part in page
    assert "tenants:create" in page  # its body


@pytest.mark.census("ATP-278", "ATP-287")
def test_the_way_to_a_replay_leads_through_a_rehearsal(
    client: TestClient, estate: Stage, post: Callable[..., str]
) -> None:
    known = put_dead(estate.engine, "acme", index=0)
    page = post(f"{HERE}/rehearse", consumer=NAME, message=known)
    assert "1 match, 1 would be replayed" in page
    assert "Nothing has changed" in page
    assert f"{HERE}/{NAME}/{known}" in client.get(HERE).text
    page = post(f"{HERE}/replay", consumer=NAME, message=known)
    assert "Replay of 1 message: 0 succeeded, 0 failed, 1 on the way" in page


@pytest.mark.census("ATP-266")
def test_a_message_in_quarantine_offers_no_replay(
    client: TestClient, estate: Stage, post: Callable[..., str]
) -> None:
    at = f"{HERE}/{NAME}/{put_dead(estate.engine, 'acme', index=0)}"
    assert "as transient" in post(f"{at}/classify", kind="transient")
    page = post(f"{at}/quarantine", reason="forged by a stranger")
    assert "in quarantine, never replayed" in page
    assert "forged by a stranger" in page
    assert "Rehearse a replay" not in client.get(at).text


def test_another_tenants_dead_letter_is_not_there(estate: Stage) -> None:
    known = put_dead(estate.engine, "acme", index=0)
    with reader(estate) as eve:
        sign_in(eve, estate.token("sre", "beta", home="beta"))
        assert known not in eve.get(HERE).text
        assert eve.get(f"{HERE}/{NAME}/{known}").status_code == 404
