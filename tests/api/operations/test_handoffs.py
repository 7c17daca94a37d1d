"""Hand-offs over HTTP: a note is left, read with what is open, taken over, and kept."""

from typing import Any

from starlette.testclient import TestClient

from api.conftest import Headers
from operations.oncall.stage import PRIMARY
from quarterdeck.operations.handoffs.model.handoff import LONGEST_NOTE

HERE = "/api/v1/oncall"
ONE = f"{HERE}/schedules/acme/primary"
ADA, BOB = "ada@example.com", "bob@example.com"


def left(client: TestClient, ada: Headers, text: str = "disk 3 is slow") -> dict[str, Any]:
    assert client.put(ONE, json={"text": PRIMARY}, headers=ada).is_success
    answer = client.put(f"{ONE}/handoff", json={"text": text}, headers=ada)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_note_is_left_read_taken_over_and_kept(client: TestClient, ada: Headers) -> None:
    one = left(client, ada)
    assert {one["giver"]["person"], one["taker"]["person"]} == {ADA, BOB}
    assert (one["taken_by"], one["taken_at"], one["version"]) == (None, None, 1)
    assert client.get(f"{HERE}/handoffs", headers=ada).json()["handoffs"] == [one]
    shown = client.get(f"{ONE}/handoff", headers=ada).json()
    assert shown == {"handoff": one, "open": {"listed": [], "unseen": [], "cut": False}}
    path = f"{ONE}/handoffs/{one['id']}/take-over"
    done = client.post(path, headers=ada).json()["handoff"]
    assert done["taken_at"]
    assert client.get(f"{HERE}/handoffs?tenant=acme", headers=ada).json() == {"handoffs": []}
    again = client.post(path, headers=ada)
    assert (again.status_code, "taken over at" in again.json()["detail"]) == (409, True)
    late = client.put(f"{ONE}/handoff", json={"text": "more"}, headers=ada)
    assert late.status_code == 409
    assert client.get(f"{ONE}/handoffs", headers=ada).json()["handoffs"] == [done]


def test_what_is_no_note_is_refused_and_what_is_not_there_is_not_found(
    client: TestClient, ada: Headers
) -> None:
    assert client.get(f"{ONE}/handoff", headers=ada).status_code == 404
    assert client.get(f"{ONE}/handoffs", headers=ada).status_code == 404
    client.put(ONE, json={"text": PRIMARY}, headers=ada)
    for text in ("", " ", "a\0b", "x" * (LONGEST_NOTE + 1)):
        refused = client.put(f"{ONE}/handoff", json={"text": text}, headers=ada)
        assert refused.status_code == 422, text
    assert client.get(f"{ONE}/handoff", headers=ada).status_code == 404
    assert client.post(f"{ONE}/handoffs/x/take-over", headers=ada).status_code == 404


def test_the_history_is_paged(client: TestClient, ada: Headers) -> None:
    left(client, ada)
    page = client.get(f"{ONE}/handoffs?limit=1", headers=ada)
    assert (len(page.json()["handoffs"]), "next" in page.links) == (1, False)


def test_a_note_that_somebody_else_wrote_anew_is_not_written_over(
    client: TestClient, ada: Headers
) -> None:
    left(client, ada)

    def put(text: str, expected: int) -> Any:  # noqa: ANN401  a client's answer
        said = {"text": text, "expected_version": expected}
        return client.put(f"{ONE}/handoff", json=said, headers=ada)

    assert put("disk 3 is slow, and loud", 1).json()["version"] == 2
    stale = put("disk 4 is slow", 1)
    assert (stale.status_code, stale.json()["type"]) == (409, "/problems/HandoffMoved")
    assert "is at version 2, not 1" in stale.json()["detail"]
    assert "written by " in stale.json()["detail"]
    kept = client.get(f"{ONE}/handoff", headers=ada).json()["handoff"]["text"]
    assert kept == "disk 3 is slow, and loud"
    assert put("", -1).status_code == 422
