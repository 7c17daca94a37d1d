"""Finding records by committed fields over HTTP: who may, pages, streams, and their record."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.conftest import Headers, Issue
from quarterdeck.kernel import outbox
from quarterdeck.kernel.db import reading
from quarterdeck.runtime import Runtime
from quarterdeck.trail.log.opening import open_trail
from trail.committing import CARD, EMAIL, commit, draft
from trail.installation import Installation
from trail.logs import Logs

EVENTS = "/api/v1/audit/events"
ADA = f"{EMAIL}:ada@example.com"


@pytest.fixture(autouse=True)
def logs(runtime: Runtime, tmp_path: Path) -> Iterator[Logs]:
    """Thirty records of Ada, and one of another tenant's."""
    trail = open_trail(runtime.engine, tmp_path / "trail", lasting=False)
    found = Logs(
        Installation(runtime.engine, runtime.keys, tmp_path, trail), shared=runtime.explorer
    )
    values = [{EMAIL: "ada@example.com", CARD: number % 2} for number in range(30)]
    commit(found, *(draft(number, value) for number, value in enumerate(values)))
    commit(found, draft(0, {EMAIL: "ada@example.com"}, "other"))
    found.sign()
    found.project()
    yield found
    trail.close()


@pytest.fixture
def rita(issue: Issue) -> Headers:
    return issue("auditor", "acme", home="acme")


def told(runtime: Runtime) -> list[outbox.Fact]:
    with reading(runtime.engine) as db:
        facts = outbox.after(db, "acme", 0, 99)
    return [fact for fact in facts if fact.name == "FieldsSearched"]


def test_fields_are_parameters_that_hold_together(
    client: TestClient, rita: Headers, runtime: Runtime
) -> None:
    asked = {"field": [ADA, f"{CARD}:1"], "limit": "500"}
    answer = client.get(EVENTS, params=asked, headers=rita)
    assert answer.status_code == 200, answer.text
    assert [one["index"] for one in answer.json()["events"]] == list(range(29, 0, -2))
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ada@example.com" not in answer.text
    (fact,) = told(runtime)
    assert fact.payload["records"] == list(range(1, 30, 2))
    assert fact.payload["fields"] == [CARD, EMAIL]
    assert "ada@example.com" not in json.dumps(fact.payload)


def test_pages_and_their_proofs_are_those_of_every_question(
    client: TestClient, rita: Headers, runtime: Runtime
) -> None:
    first = client.get(EVENTS, params={"field": ADA, "limit": 20, "proof": 1}, headers=rita)
    assert first.json()["proof"]["indices"] == list(range(10, 30))
    second = client.get(first.links["next"]["url"], headers=rita)
    assert [one["index"] for one in second.json()["events"]] == list(range(9, -1, -1))
    cursor = first.links["next"]["url"].partition("cursor=")[2]
    other = {"field": f"{EMAIL}:bob@example.com", "cursor": cursor}
    assert client.get(EVENTS, params=other, headers=rita).status_code == 422
    assert len(told(runtime)) == 2


def test_a_stream_is_told_in_the_log_too(
    client: TestClient, rita: Headers, runtime: Runtime
) -> None:
    headers = rita | {"Accept": "application/x-ndjson"}
    answer = client.get(EVENTS, params={"field": ADA}, headers=headers)
    assert len(answer.text.splitlines()) == 30
    assert [len(fact.payload["records"]) for fact in told(runtime)] == [30, 0]


def test_who_may_not_read_the_field_may_not_find_by_it(
    client: TestClient, issue: Issue, rita: Headers, runtime: Runtime
) -> None:
    sven = issue("sre", "acme", home="acme")
    for headers in (sven, sven | {"Accept": "application/x-ndjson"}):
        refused = client.get(EVENTS, params={"field": ADA}, headers=headers)
        assert refused.status_code == 403
        assert "trail:disclose" in refused.json()["detail"]
    elsewhere = client.get(EVENTS, params={"field": ADA, "tenant": "other"}, headers=rita)
    assert elsewhere.status_code == 404
    assert told(runtime) == []


@pytest.mark.parametrize("field", ["email:ada", "/payload/email", "/actor/id:u1", ""])
def test_a_field_that_cannot_be_asked_for_is_refused(
    client: TestClient, rita: Headers, field: str
) -> None:
    refused = client.get(EVENTS, params={"field": field}, headers=rita)
    assert refused.status_code == 422
    assert "PATH:VALUE" in refused.text
