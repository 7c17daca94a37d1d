"""Idempotency-Key: a write that is asked for twice is done once."""

from collections.abc import Iterator
from threading import Event, Thread

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, func, select, update
from starlette.testclient import TestClient

from api.conftest import BASE, Headers, Issue
from api.samples import begin_sample, router
from quarterdeck.access.tenants.store import tenants
from quarterdeck.api.app import build_app
from quarterdeck.kernel.db import reading, writing
from quarterdeck.runtime import Runtime
from quarterdeck.web.idempotency import service
from quarterdeck.web.idempotency.model import Claim, ClaimLost, InFlight, Kept
from quarterdeck.web.idempotency.store import keys

POST = "/api/v1/samples"
KEY = {"Idempotency-Key": "mine"}
ANSWER = Kept(status=201, headers=(("location", "/x"),), body=b"done")


@pytest.fixture
def app(runtime: Runtime) -> FastAPI:
    built = build_app(runtime)
    built.include_router(router, prefix="/api/v1")
    return built


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url=BASE, raise_server_exceptions=False) as opened:
        yield opened


def begun(database: Engine) -> int:
    with reading(database) as db:
        return db.scalar(select(func.count()).select_from(tenants)) or 0


def test_a_repetition_gets_the_first_answer_and_changes_nothing(
    client: TestClient, ada: Headers, database: Engine
) -> None:
    first = client.post(POST, json={"id": "new"}, headers=ada | KEY)
    again = client.post(POST, json={"id": "new"}, headers=ada | KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["location"] == first.headers["location"] == "/api/v1/samples/new"
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert begun(database) == 3


def test_a_narrower_token_of_the_same_principal_does_not_read_the_answer(
    client: TestClient, ada: Headers
) -> None:
    told = {"name": "narrow", "permissions": ["access:ask"]}
    secret = client.post("/api/v1/tokens", json=told, headers=ada).json()["secret"]
    narrow = {"Authorization": f"Bearer {secret}"}
    assert client.post(POST, json={"id": "new"}, headers=ada | KEY).status_code == 201
    refused = client.post(POST, json={"id": "new"}, headers=narrow | KEY)
    assert refused.status_code == 422
    assert refused.json()["type"] == "/problems/KeyReused"


@pytest.mark.parametrize("other", [{"id": "b"}, {"id": "a", "ratio": 0.5}])
def test_another_request_under_the_key_is_refused(
    client: TestClient, ada: Headers, other: dict[str, object]
) -> None:
    client.post(POST, json={"id": "a"}, headers=ada | KEY)
    answer = client.post(POST, json=other, headers=ada | KEY)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/KeyReused")


def test_a_key_is_its_actors_own(client: TestClient, ada: Headers, issue: Issue) -> None:
    bob = issue("admin")
    assert client.post(POST, json={"id": "a"}, headers=ada | KEY).status_code == 201
    assert client.post(POST, json={"id": "b"}, headers=bob | KEY).status_code == 201


@pytest.mark.parametrize("fail", ["conflict", "unavailable", "bug"])
def test_a_failure_gives_the_key_back(
    client: TestClient, ada: Headers, fail: str, database: Engine
) -> None:
    assert client.post(POST, json={"id": "a", "fail": fail}, headers=ada | KEY).status_code >= 409
    assert client.post(POST, json={"id": "a"}, headers=ada | KEY).status_code == 201
    assert begun(database) == 3


def test_a_secret_is_not_kept(client: TestClient, ada: Headers, database: Engine) -> None:
    body = {"id": "a", "fail": "secret"}
    assert client.post(POST, json=body, headers=ada | KEY).status_code == 201
    answer = client.post(POST, json=body, headers=ada | KEY)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/AnswerNotKept")
    with reading(database) as db:
        assert db.scalar(select(keys.c.body)) is None


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "x" * 256])
def test_a_key_that_is_none_is_refused(client: TestClient, ada: Headers, key: str) -> None:
    known = [(name.encode(), value.encode()) for name, value in ada.items()]
    headers = [*known, (b"idempotency-key", key.encode())]
    answer = client.post(POST, json={"id": "a"}, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "Idempotency-Key"


def test_a_form_takes_no_key(client: TestClient, ada: Headers) -> None:
    answer = client.put(f"{POST}/acme", data={"a": "b"}, headers=ada | KEY)
    assert answer.status_code == 422


def claim(engine: Engine, digest: str = "d") -> Claim:
    found = service.claim(engine, "ada", "k", digest)
    assert isinstance(found, Claim)
    return found


def expire(engine: Engine, column: str) -> None:
    with writing(engine) as db:
        db.execute(update(keys).values({column: 0}))


def test_a_repetition_while_the_first_is_answered_is_told_so(engine: Engine) -> None:
    claim(engine)
    with pytest.raises(InFlight):
        service.claim(engine, "ada", "k", "d")


def test_a_dead_owners_claim_is_taken_over_and_its_late_write_refused(engine: Engine) -> None:
    dead = claim(engine)
    expire(engine, "claimed_until")
    heir = claim(engine)
    with pytest.raises(ClaimLost), writing(engine) as db:
        service.keep(db, dead, ANSWER)
    service.release(engine, dead)
    with writing(engine) as db:
        service.keep(db, heir, ANSWER)
    assert service.claim(engine, "ada", "k", "d") == ANSWER


def test_an_answer_stands_only_if_its_write_does(engine: Engine) -> None:
    held = claim(engine)
    with engine.connect() as db:
        service.keep(db, held, ANSWER)
        db.rollback()
    with pytest.raises(InFlight):
        service.claim(engine, "ada", "k", "d")


def test_an_answer_is_forgotten_when_its_time_is_over(engine: Engine) -> None:
    held = claim(engine)
    with writing(engine) as db:
        service.keep(db, held, ANSWER)
    assert service.claim(engine, "ada", "k", "d") == ANSWER
    expire(engine, "expires_at")
    assert isinstance(service.claim(engine, "ada", "k", "other"), Claim)


def test_of_many_at_once_one_holds_the_key(engine: Engine) -> None:
    go, won, lost = Event(), list[Claim](), list[InFlight]()

    def race() -> None:
        go.wait()
        try:
            won.append(claim(engine))
        except InFlight as refusal:
            lost.append(refusal)

    racers = [Thread(target=race) for _ in range(6)]
    for racer in racers:
        racer.start()
    go.set()
    for racer in racers:
        racer.join()
    assert (len(won), len(lost)) == (1, 5)


def test_a_route_that_cannot_keep_its_answer_writes_nothing(
    runtime: Runtime, ada: Headers, database: Engine
) -> None:
    app = build_app(runtime)
    app.add_api_route("/plain", begin_sample, methods=["POST"])
    client = TestClient(app, base_url=BASE, raise_server_exceptions=False)
    assert client.post("/plain", json={"id": "a"}, headers=ada | KEY).status_code == 500
    assert begun(database) == 2
    assert client.post("/plain", json={"id": "a"}, headers=ada).status_code == 200
