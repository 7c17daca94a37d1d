"""Events in over HTTP: what is taken, what is refused, and what the answer says."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event as Signal
from threading import Thread
from typing import Any

import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY
from sqlalchemy import Engine
from starlette.testclient import TestClient

from api.conftest import BASE, Headers, Issue
from quarterdeck.access.principals.model import installation
from quarterdeck.access.tenants import service as tenants
from quarterdeck.api.app import build_app
from quarterdeck.kernel import deliveries
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.work import begin, read
from quarterdeck.runtime import Runtime
from quarterdeck.trail.ingest.service import subscriber
from quarterdeck.trail.log import service as log
from quarterdeck.trail.log.integrator import Integrator
from quarterdeck.trail.log.model import Appended, Known, Prepared
from quarterdeck.trail.log.opening import Trail, open_trail
from quarterdeck.trail.log.ports import Sequencer
from quarterdeck.trail.log.storage.sql import SqlCheckpointStore
from trail.ingest.test_protobuf import WRITTEN

EVENTS = "/api/v1/audit/events"
NDJSON = {"Content-Type": "application/x-ndjson"}
Json = dict[str, Any]


def event(**said: object) -> Json:
    """An event as an application sends it."""
    return {
        "occurred_at": utc_now().isoformat(),
        "actor": {"type": "user", "id": "u-1"},
        "action": "orders:create",
        "resource": {"type": "order", "id": "o-1"},
        "payload": {"amount": 12.5, "email": "ada@example.com"},
    } | said


@pytest.fixture
def database(engine: Engine) -> Engine:
    """On SQLite, and on PostgreSQL."""
    return engine


@pytest.fixture
def trail(runtime: Runtime, tmp_path: Path) -> Iterator[Trail]:
    """As a worker has it open."""
    with closing(open_trail(runtime.engine, tmp_path / "trail", lasting=False)) as opened:
        yield opened


@pytest.fixture
def producer(issue: Issue) -> Headers:
    """A program that may append to acme."""
    return issue("producer", "acme", home="acme")


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url=BASE, raise_server_exceptions=False) as opened:
        yield opened


@pytest.fixture
def deliver(runtime: Runtime) -> Callable[[], None]:
    """What the worker does: facts to the trail."""
    trail = subscriber(runtime.engine, runtime.keys, runtime.sequencer)

    def delivered() -> None:
        for tenant, place in deliveries.behind(runtime.engine, trail.name):
            while moved := deliveries.deliver(runtime.engine, utc_now, trail, tenant, place):
                place += moved  # noqa: PLW2901  the place moves with what was received

    return delivered


def integrate(runtime: Runtime, trail: Trail) -> None:
    Integrator(
        engine=runtime.engine,
        keys=runtime.keys,
        checkpoints=SqlCheckpointStore(runtime.engine),
        clock=utc_now,
        reader=trail.reader,
        tiles=trail.tiles,
    ).integrate()


def lines(*events: Json) -> bytes:
    return b"\n".join(json.dumps(one).encode() for one in events)


def stored(runtime: Runtime, index: int, tenant: str = "acme") -> Json:
    with read(runtime.engine, installation(), utc_now) as work:
        view = log.record(work, runtime.reader, tenant, index)
    return dict(view.record) | {"read": view.payload, "hidden": dict(view.hidden)}


def classify(client: TestClient, ada: Headers, *rules: Json, tenant: str = "acme") -> None:
    answer = client.put(
        f"/api/v1/trail/policies/{tenant}/classification",
        json={"document": {"rules": list(rules)}},
        headers=ada,
    )
    assert answer.status_code == 200, answer.text


def test_an_event_is_appended_and_its_place_is_told(
    client: TestClient, producer: Headers, runtime: Runtime
) -> None:
    answer = client.post(EVENTS, json=event(), headers=producer)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["status"] == "appended"
    assert (told["log"], told["index"]) == ("acme", 0)
    record = stored(runtime, 0)
    assert record["id"] == told["id"]
    assert record["action"] == "orders:create"
    assert runtime.reader.hashes("acme", 0, 0, 1) == [bytes.fromhex(told["leaf_hash"])]


def test_what_no_rule_names_is_committed_and_never_clear(
    client: TestClient, producer: Headers, runtime: Runtime
) -> None:
    client.post(EVENTS, json=event(), headers=producer).raise_for_status()
    (entry,) = runtime.reader.entries("acme", 0, 1)
    assert b"ada@example.com" not in entry
    assert stored(runtime, 0)["hidden"] == {
        "/payload/amount": "restricted",
        "/payload/email": "restricted",
    }
    with begin(runtime.engine, installation(), utc_now) as work:
        view = log.disclose(work, runtime.reader, runtime.keys, "acme", 0)
    assert view.disclosed == {"/payload/amount": 12.5, "/payload/email": "ada@example.com"}


@pytest.mark.census("ATP-504")
def test_a_classification_holds_from_its_own_record_on(
    client: TestClient,
    producer: Headers,
    ada: Headers,
    runtime: Runtime,
    deliver: Callable[[], None],
) -> None:
    client.post(EVENTS, json=event(), headers=producer).raise_for_status()
    classify(
        client,
        ada,
        {"path": "/payload/amount", "class": "public"},
        {"path": "/payload/email", "class": "secret.pi"},
        {"action": "orders:*", "retention": "seven-years"},
    )
    before = client.post(EVENTS, json=event(), headers=producer).json()
    assert stored(runtime, before["index"])["read"] == {}
    deliver()
    (version,) = [
        one
        for one in client.get("/api/v1/trail/policies", headers=ada).json()["policies"]
        if one["tenant"] == "acme"
    ]
    after = client.post(EVENTS, json=event(), headers=producer).json()
    assert before["index"] < version["index"] < after["index"]
    record = stored(runtime, after["index"])
    assert record["classification"] == {"/payload/amount": "public", "/payload/email": "secret.pi"}
    assert record["read"] == {"amount": 12.5}
    told = client.get(
        f"/api/v1/trail/logs/acme/records/{after['index']}/classification", headers=ada
    ).json()
    assert told["retention"] == "seven-years"
    assert told["classification"] == record["classification"]


def test_a_secret_key_is_refused_by_its_path(
    client: TestClient, producer: Headers, ada: Headers, deliver: Callable[[], None]
) -> None:
    classify(client, ada, {"path": "/payload/password", "class": "secret.keys"})
    deliver()
    answer = client.post(EVENTS, json=event(payload={"password": "x"}), headers=producer)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "#/payload/password"


@pytest.mark.census("ATP-223")
def test_a_missing_actor_id_is_refused_by_its_name_and_leaves_a_line_in_the_log(
    client: TestClient, producer: Headers, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = client.post(EVENTS, json=event(actor={"type": "user"}), headers=producer)
    assert answer.status_code == 400
    assert answer.json()["detail"] == "Required field 'actor.id' missing"
    assert answer.json()["errors"] == [
        {"detail": "Required field 'actor.id' missing", "pointer": "#/actor/id"}
    ]
    assert "actor.id" in capsys.readouterr().out


@pytest.mark.census("ATP-224")
@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"extra": 1}, "schema"),
        ({"schema_version": 9}, "version"),
        ({"action": None}, "type"),
        ({"resource": {"type": "order"}}, "field"),
        ({"occurred_at": "2026-02-28T12:00:00"}, "type"),
        ({"source": "somebody-else"}, "source"),
        ({"payload": [1]}, "type"),
    ],
)
def test_each_kind_of_fault_has_its_reason(
    client: TestClient, producer: Headers, said: Json, reason: str
) -> None:
    answer = client.post(EVENTS, content=lines(event(), event(**said)), headers=producer | NDJSON)
    assert answer.status_code == 200
    taken, refused = [json.loads(line) for line in answer.text.splitlines()]
    assert taken["status"] == "appended"
    assert refused["status"] == "refused"
    assert refused["problem"]["status"] == 400
    assert refused["problem"]["reason"] == reason
    alone = client.post(EVENTS, json=event(**said), headers=producer)
    assert alone.status_code == 400


@pytest.mark.census("ATP-226")
def test_both_versions_of_the_form_are_taken_and_come_to_the_same(
    client: TestClient, producer: Headers, runtime: Runtime
) -> None:
    moment = utc_now().isoformat()
    old = {
        "schema_version": 1,
        "timestamp": moment,
        "actor_id": "u-1",
        "action": "orders:create",
        "resource_type": "order",
        "resource_id": "o-1",
        "data": {"amount": 12.5},
    }
    new = event(occurred_at=moment, schema_version=2, payload={"amount": 12.5})
    answer = client.post(EVENTS, json=[old, new], headers=producer)
    assert [one["status"] for one in answer.json()] == ["appended", "appended"]
    own = {"id", "idempotency", "sd"}
    first, second = (
        {name: value for name, value in stored(runtime, index).items() if name not in own}
        for index in (0, 1)
    )
    assert first == second


@pytest.mark.census("ATP-227")
def test_another_version_of_the_api_is_answered_with_those_that_are_there(
    client: TestClient, producer: Headers
) -> None:
    answer = client.post("/api/v7/audit/events", json=event(), headers=producer)
    assert answer.status_code == 404
    assert "v7" in answer.json()["detail"]
    assert "v1" in answer.json()["detail"]


@pytest.mark.census("ATP-229")
@pytest.mark.parametrize("by", ["header", "id", "key"])
def test_the_same_key_gives_the_same_answer_and_another_body_is_refused(
    client: TestClient, producer: Headers, runtime: Runtime, by: str
) -> None:
    headers = producer | ({"Idempotency-Key": "k-1"} if by == "header" else {})
    said = {"id": {"id": "k-1"}, "key": {"idempotency_key": "k-1"}, "header": {}}[by]
    body = event(**said)
    first = client.post(EVENTS, json=body, headers=headers).json()
    again = client.post(EVENTS, json=body, headers=headers).json()
    assert again == first | {"status": "duplicate"}
    other = client.post(EVENTS, json=body | {"action": "orders:cancel"}, headers=headers)
    assert other.status_code == 422
    assert other.json()["type"] == "/problems/IdempotencyKeyReused"
    assert runtime.reader.size("acme") == 1


def test_one_producers_keys_are_not_anothers(
    client: TestClient, producer: Headers, issue: Issue, runtime: Runtime
) -> None:
    second = issue("producer", "acme", home="acme")
    for headers in (producer, second):
        assert client.post(EVENTS, json=event(id="same"), headers=headers).json()["status"] == (
            "appended"
        )
    assert runtime.reader.size("acme") == 2


def test_an_event_that_stands_twice_in_a_batch_is_one_record(
    client: TestClient, producer: Headers, runtime: Runtime
) -> None:
    one = event(id="same")
    told = client.post(EVENTS, json=[one, one], headers=producer).json()
    assert [result["status"] for result in told] == ["appended", "duplicate"]
    assert told[0]["index"] == told[1]["index"]
    assert runtime.reader.size("acme") == 1


@dataclass
class Slow:
    """A sequencer that appends when it is let."""

    inner: Sequencer
    reached: Signal = field(default_factory=Signal)
    free: Signal = field(default_factory=Signal)

    def append(self, drafts: Sequence[Prepared]) -> list[Appended]:
        return self.inner.append(drafts)

    async def enqueue(self, drafts: Sequence[Prepared]) -> list[Appended]:
        self.reached.set()
        await asyncio.to_thread(self.free.wait, 10)
        return await self.inner.enqueue(drafts)

    def known(self, log: str, tags: Sequence[bytes]) -> Mapping[bytes, Known]:
        return self.inner.known(log, tags)

    def close(self) -> None:
        self.inner.close()


@pytest.mark.census("ATP-229")
def test_an_event_on_its_way_is_refused_until_it_is_there(
    producer: Headers, runtime: Runtime
) -> None:
    slow = Slow(runtime.sequencer)
    found: list[Json] = []
    with TestClient(build_app(replace(runtime, sequencer=slow)), base_url=BASE) as client:
        body = event(id="slow")

        def send() -> None:
            found.append(client.post(EVENTS, json=body, headers=producer).json())

        first = Thread(target=send)
        first.start()
        assert slow.reached.wait(10)
        second = client.post(EVENTS, json=body, headers=producer)
        slow.free.set()
        first.join()
    assert second.status_code == 409
    assert found[0]["status"] == "appended"


def test_a_batch_of_which_nothing_can_be_taken_is_a_400_that_names_each(
    client: TestClient, producer: Headers, runtime: Runtime
) -> None:
    answer = client.post(EVENTS, json=[event(actor={}), {"nothing": 1}], headers=producer)
    assert answer.status_code == 400
    assert [one["pointer"] for one in answer.json()["errors"]] == ["#/0/actor/type", "#/1/nothing"]
    assert runtime.reader.size("acme") == 0


def test_a_token_on_many_tenants_names_one(client: TestClient, ada: Headers) -> None:
    assert client.post(EVENTS, json=event(), headers=ada).status_code == 400
    answer = client.post(f"/t/other{EVENTS}", json=event(), headers=ada)
    assert answer.json()["log"] == "other"
    assert client.post(f"/t/nobody{EVENTS}", json=event(), headers=ada).status_code == 404
    assert client.post(f"/t/_platform{EVENTS}", json=event(), headers=ada).status_code == 404


@pytest.mark.census("ATP-506")
def test_nobody_appends_to_anothers_log(
    client: TestClient, producer: Headers, nobody: Headers, runtime: Runtime
) -> None:
    assert client.post(f"/t/other{EVENTS}", json=event(), headers=producer).status_code == 404
    assert client.post(EVENTS, json=event(), headers=nobody).status_code == 403
    wrong = {"Authorization": "Bearer qd_wrong"}
    assert client.post(EVENTS, json=event(), headers=wrong).status_code == 401
    assert runtime.reader.size("other") == 0


@pytest.mark.census("ATP-154", "ATP-222")
def test_a_rate_is_set_at_run_time_and_holds_for_its_tenant_alone(
    client: TestClient, producer: Headers, ada: Headers, issue: Issue
) -> None:
    neighbour = issue("producer", "other", home="other")
    assert client.post(EVENTS, json=event(), headers=producer).status_code == 200
    client.put(
        "/api/v1/trail/policies/acme/ingest-rate",
        json={"events_per_s": 0.001, "burst": 3},
        headers=ada,
    ).raise_for_status()
    found = [client.post(EVENTS, json=event(), headers=producer) for _ in range(5)]
    assert [one.status_code for one in found] == [200, 200, 200, 429, 429]
    assert int(found[-1].headers["Retry-After"]) > 0
    assert client.post(EVENTS, json=event(), headers=neighbour).status_code == 200
    client.put(
        "/api/v1/trail/policies/acme/ingest-rate",
        json={"events_per_s": 1000, "burst": 3000},
        headers=ada,
    ).raise_for_status()
    assert client.post(EVENTS, json=event(), headers=producer).status_code == 200


def test_an_archived_tenant_takes_no_more(
    client: TestClient, producer: Headers, runtime: Runtime
) -> None:
    assert client.post(EVENTS, json=event(), headers=producer).status_code == 200
    with begin(runtime.engine, installation(), utc_now) as work:
        tenants.archive(work, "acme")
    assert client.post(EVENTS, json=event(), headers=producer).status_code == 409


def test_who_waits_for_the_checkpoint_gets_the_proof(
    client: TestClient, producer: Headers, runtime: Runtime, trail: Trail
) -> None:
    client.post(EVENTS, json=event(), headers=producer).raise_for_status()
    done = Signal()

    def work() -> None:
        while not done.wait(0.05):
            integrate(runtime, trail)

    beside = Thread(target=work)
    beside.start()
    try:
        headers = producer | {"Prefer": "wait=checkpoint"}
        answer = client.post(EVENTS, json=event(), headers=headers)
    finally:
        done.set()
        beside.join()
    assert answer.headers["Preference-Applied"] == "wait=checkpoint"
    proof = answer.json()["proof"]
    assert proof["tree_size"] == 2
    assert len(proof["proof"]) == 1
    assert proof["checkpoint"].splitlines()[1] == "2"


def test_a_clock_that_is_wrong_is_told_and_both_times_are_kept(
    client: TestClient, producer: Headers, runtime: Runtime
) -> None:
    told = client.post(
        EVENTS, json=event(occurred_at="2020-01-01T02:00:00+02:00"), headers=producer
    ).json()
    assert told["skew_s"] > 300
    record = stored(runtime, 0)
    assert record["occurred_at"] == "2020-01-01T00:00:00.000000Z"
    assert record["received_at"] > "2026"


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"payload":' * 100_000,
        b"\xff\xfe",
        b'{"occurred_at":"\\ud800"}',
        lines(event(id="x" * 300)),
        b'{"actor":{"type":"u","id":"a","id":"b"},' + lines(event())[1:],
        lines(event(payload={"deep": json.loads("[" * 80 + "]" * 80)})),
        lines(event(payload={"long": "x" * 600_000})),
        lines(event(source_seq=1.5)),
        b"",
    ],
)
def test_what_nobody_should_send_is_a_400(
    client: TestClient, producer: Headers, runtime: Runtime, body: bytes
) -> None:
    headers = producer | {"Content-Type": "application/json"}
    assert client.post(EVENTS, content=body, headers=headers).status_code == 400
    assert runtime.reader.size("acme") == 0


def test_a_body_too_large_and_a_kind_unknown_are_refused(
    client: TestClient, producer: Headers
) -> None:
    large = client.post(EVENTS, content=b"x" * (9 << 20), headers=producer | NDJSON)
    assert large.status_code == 413
    strange = producer | {"Content-Type": "text/csv"}
    assert client.post(EVENTS, content=b"a,b", headers=strange).status_code == 415


def test_a_payload_that_fits_into_no_leaf_is_there_by_its_digest(
    client: TestClient,
    producer: Headers,
    ada: Headers,
    runtime: Runtime,
    deliver: Callable[[], None],
) -> None:
    classify(client, ada, {"path": "/payload/**", "class": "public"})
    deliver()
    told = client.post(EVENTS, json=event(payload={"text": "x" * 100_000}), headers=producer)
    index = told.json()["index"]
    assert stored(runtime, index)["payload"] is None
    with begin(runtime.engine, installation(), utc_now) as work:
        view = log.disclose(work, runtime.reader, runtime.keys, "acme", index)
    assert view.disclosed == {"/payload": {"text": "x" * 100_000}}


def test_cloudevents_come_in_every_mode(
    client: TestClient, producer: Headers, runtime: Runtime
) -> None:
    said = {"specversion": "1.0", "type": "orders:create", "source": "/shop", "subject": "o-1"}
    attributes = said | {"time": "2026-02-28T12:00:00Z", "actorid": "u-1"}
    structured = attributes | {"id": "1", "data": {"amount": 1}}
    batch = [attributes | {"id": "2"}, attributes | {"id": "3", "specversion": "0.3"}]
    whole = attributes | {"id": "4", "data": event()}
    kind = "application/cloudevents{}+json"
    one = client.post(
        EVENTS,
        content=json.dumps(structured),
        headers=producer | {"Content-Type": kind.format("")},
    )
    assert one.json()["status"] == "appended"
    many = client.post(
        EVENTS,
        content=json.dumps([*batch, whole]),
        headers=producer | {"Content-Type": kind.format("-batch")},
    )
    assert [result["status"] for result in many.json()] == ["appended", "refused", "appended"]
    named = {f"ce-{name}": value for name, value in (attributes | {"id": "1b"}).items()}
    binary = client.post(EVENTS, json={"amount": 1}, headers=producer | named)
    assert binary.json()["status"] == "appended"
    again = client.post(EVENTS, json={"amount": 1}, headers=producer | named)
    assert again.json()["status"] == "duplicate"
    record = stored(runtime, 0)
    assert record["action"] == "orders:create"
    assert record["actor"] == {"type": "program", "id": "u-1"}
    assert record["resource"] == {"type": "subject", "id": "o-1"}
    assert stored(runtime, 2)["actor"] == {"type": "user", "id": "u-1"}


def test_opentelemetry_logs_come_in(
    client: TestClient, producer: Headers, runtime: Runtime
) -> None:
    def attribute(key: str, value: str) -> Json:
        return {"key": key, "value": {"stringValue": value}}

    record = {
        "timeUnixNano": "1772280000000000000",
        "eventName": "orders:create",
        "traceId": "5b8efff798038103d269b633813fc60c",
        "severityText": "INFO",
        "body": {"stringValue": "made"},
        "attributes": [attribute("enduser.id", "u-1")],
    }
    body = {
        "resourceLogs": [
            {
                "resource": {"attributes": [attribute("service.name", "shop")]},
                "scopeLogs": [{"logRecords": [record, {"timeUnixNano": "1"}]}],
            }
        ]
    }
    answer = client.post("/v1/logs", json=body, headers=producer)
    assert answer.status_code == 200
    assert answer.json()["partialSuccess"]["rejectedLogRecords"] == "1"
    found = stored(runtime, 0)
    assert found["actor"] == {"type": "user", "id": "u-1"}
    assert found["resource"] == {"type": "service", "id": "shop"}
    assert found["occurred_at"] == "2026-02-28T12:00:00.000000Z"
    assert found["correlation"]["trace"] == record["traceId"]
    assert client.post("/v1/logs", json={"resourceLogs": 1}, headers=producer).status_code == 400


def test_opentelemetry_logs_come_in_as_protobuf(
    client: TestClient, producer: Headers, runtime: Runtime
) -> None:
    headers = producer | {"Content-Type": "application/x-protobuf"}
    answer = client.post("/v1/logs", content=WRITTEN, headers=headers)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "application/x-protobuf"
    assert stored(runtime, 0)["resource"] == {"type": "order", "id": "o-9"}
    unnamed = WRITTEN.replace(b"enduser.id", b"enduser.xx").replace(b"k1", b"k2")
    answer = client.post("/v1/logs", content=unnamed, headers=headers)
    assert (answer.status_code, b"actor.id" in answer.content) == (200, True)
    assert client.post("/v1/logs", content=b"{}", headers=headers).status_code == 400
    yaml = producer | {"Content-Type": "application/yaml"}
    assert client.post("/v1/logs", content=b"", headers=yaml).status_code == 415


def test_when_nothing_can_be_appended_the_whole_request_waits(
    client: TestClient, producer: Headers, runtime: Runtime
) -> None:
    client.post(EVENTS, json=event(), headers=producer).raise_for_status()
    runtime.sequencer.close()
    answer = client.post(EVENTS, json=event(), headers=producer)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]


def test_what_comes_in_is_counted(client: TestClient, producer: Headers) -> None:
    def appended() -> float:
        return (
            REGISTRY.get_sample_value("quarterdeck_ingest_events_total", {"result": "appended"})
            or 0
        )

    before = appended()
    client.post(EVENTS, content=lines(event(), event()), headers=producer | NDJSON)
    assert appended() == before + 2
    assert REGISTRY.get_sample_value("quarterdeck_ingest_waiting_events") == 0


def test_a_demo_takes_events_without_a_token(runtime: Runtime) -> None:
    demo = replace(runtime, settings=replace(runtime.settings, demo=True))
    with TestClient(build_app(demo), base_url=BASE, client=("127.0.0.1", 50000)) as client:
        answer = client.post(f"/t/acme{EVENTS}", json=event())
    assert answer.json()["status"] == "appended"
