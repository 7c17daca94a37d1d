"""Holds, erasures and purges over HTTP: what a hold refuses is refused with its id, and told."""

from json import loads

import pytest
from sqlalchemy import Engine, select
from starlette.testclient import TestClient

from api.conftest import Headers, Issue
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import writing
from quarterdeck.kernel.outbox import outbox
from quarterdeck.runtime import Runtime
from quarterdeck.trail.keys import service as data_keys
from quarterdeck.trail.log.appender import open_log
from quarterdeck.trail.retention.service.planning import Ground
from quarterdeck.trail.retention.service.watching import ComplianceWatch

HERE = "/api/v1/trail"
SUBJECT = {"tenant": "acme", "subject": "user:u-1", "reason": "asked by letter"}
HOLD = {"tenant": "acme", "covers": "subject", "value": "user:u-1", "reason": "a lawsuit"}


@pytest.fixture
def database(engine: Engine) -> Engine:
    """On SQLite, and on PostgreSQL."""
    return engine


@pytest.fixture
def carla(issue: Issue) -> Headers:
    return issue("compliance", "acme", home="acme")


@pytest.fixture
def conrad(issue: Issue) -> Headers:
    return issue("compliance", "acme", home="acme")


@pytest.fixture
def sealed(runtime: Runtime) -> None:
    """Something is sealed for the subject."""
    with writing(runtime.engine) as db:
        open_log(db, runtime.keys, "acme")
        data_keys.data_key(db, runtime.keys, "acme", "user:u-1", utc_now())


def told(runtime: Runtime, name: str) -> list[dict[str, object]]:
    with runtime.engine.connect() as db:
        rows = db.execute(select(outbox.c.name, outbox.c.payload))
        return [p if isinstance(p, dict) else loads(p) for n, p in rows if n == name]


@pytest.mark.usefixtures("sealed")
def test_a_held_subject_answers_409_with_the_hold_and_leaves_a_record(
    client: TestClient, carla: Headers, runtime: Runtime
) -> None:
    hold = client.post(f"{HERE}/holds", json=HOLD, headers=carla).json()["id"]
    answer = client.post(f"{HERE}/erasures", json=SUBJECT, headers=carla)
    assert answer.status_code == 409
    assert hold in answer.json()["detail"]
    (refused,) = told(runtime, "HoldRefused")
    assert refused["holds"] == [hold]
    assert refused["wanted"] == "erasure"


def test_a_held_tenant_answers_a_purge_with_409_and_leaves_a_record(
    client: TestClient, carla: Headers, runtime: Runtime
) -> None:
    hold = client.post(
        f"{HERE}/holds", json={"tenant": "acme", "covers": "tenant", "reason": "x"}, headers=carla
    ).json()["id"]
    asked = {"tenant": "acme", "dry_run": False}
    answer = client.post(f"{HERE}/retention/purge", json=asked, headers=carla)
    assert answer.status_code == 409
    assert hold in answer.json()["detail"]
    assert [one["wanted"] for one in told(runtime, "HoldRefused")] == ["purge"]


def test_two_persons_release_a_hold(client: TestClient, carla: Headers, conrad: Headers) -> None:
    hold = client.post(f"{HERE}/holds", json=HOLD, headers=carla).json()["id"]
    path, why = f"{HERE}/holds/{hold}/release", {"reason": "it ended"}
    assert client.post(path, json=why, headers=carla).json()["state"] == "release-asked"
    assert client.post(path, json=why, headers=carla).status_code == 409
    assert client.post(path, json=why, headers=conrad).json()["state"] == "released"
    versions = client.get(f"{HERE}/holds/{hold}", headers=carla).json()["holds"]
    assert [one["version"] for one in versions] == [3, 2, 1]


@pytest.mark.usefixtures("sealed")
def test_two_persons_erase(client: TestClient, carla: Headers, conrad: Headers) -> None:
    asked = client.post(f"{HERE}/erasures", json=SUBJECT, headers=carla).json()["id"]
    path = f"{HERE}/erasures/{asked}/approve"
    assert client.post(path, headers=carla).status_code == 409
    assert client.post(path, headers=conrad).json()["state"] == "approved"


def test_a_purge_is_a_dry_run_unless_said_otherwise(client: TestClient, carla: Headers) -> None:
    answer = client.post(f"{HERE}/retention/purge", json={"tenant": "acme"}, headers=carla).json()
    assert answer["dry_run"]
    assert answer["job"] is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"covers": "subject"},
        {"covers": "galaxy"},
        {"covers": "range"},
        {"since": "2026-02-28T12:00:00"},
        {"reason": ""},
    ],
)
def test_a_hold_that_is_not_clear_is_refused(
    client: TestClient, carla: Headers, wrong: dict[str, str]
) -> None:
    body = {"tenant": "acme", "covers": "tenant", "reason": "a lawsuit"} | wrong
    assert client.post(f"{HERE}/holds", json=body, headers=carla).status_code == 422


def test_promises_are_shown_of_ones_own_tenant_alone(
    client: TestClient, carla: Headers, eve: Headers, nobody: Headers, runtime: Runtime
) -> None:
    with writing(runtime.engine) as db:
        open_log(db, runtime.keys, "acme")
    policy = {"document": {"classes": {"standard": {"days": 30}}}}
    put = client.put("/api/v1/trail/policies/acme/retention", json=policy, headers=carla)
    assert put.is_success, put.text
    ComplianceWatch(
        engine=runtime.engine,
        ground=Ground(reader=runtime.reader, removal=runtime.removal),
        clock=runtime.clock,
    ).beat()
    [found] = client.get(f"{HERE}/compliance?tenant=acme", headers=carla).json()["tenants"]
    verdicts = {one["promise"]: one["verdict"] for one in found["promises"]}
    assert verdicts == {
        "stored-in-region": "not asked for",
        "came-from-region": "not asked for",
        "purged-in-time": "holds",
        "kept-long-enough": "holds",
    }
    assert client.get(f"{HERE}/compliance", headers=eve).json() == {"tenants": []}
    assert client.get(f"{HERE}/compliance?tenant=acme", headers=eve).status_code == 404
    assert client.get(f"{HERE}/compliance", headers=nobody).status_code == 403
