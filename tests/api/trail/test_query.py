"""Questions over HTTP: filters, pages, proofs, streams, refusals, and the read models."""

import json
from base64 import b64decode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from api.conftest import Headers, Issue
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.outbox import outbox
from quarterdeck.runtime import Runtime
from quarterdeck.trail.keys.note import text_of
from quarterdeck.trail.log.model import Head
from quarterdeck.trail.log.opening import open_trail
from quarterdeck.trail.projections.jobs import rebuild_kind
from quarterdeck.trail.projections.service.rebuild import wipe
from quarterdeck.trail.proof import multi
from quarterdeck.trail.query.problems import ProblemWatch, query_health
from quarterdeck.worker.loop import Worker
from trail.installation import Installation
from trail.logs import Logs, record, several

EVENTS = "/api/v1/audit/events"
PROJECTIONS = "/api/v1/audit/projections"


@pytest.fixture
def logs(runtime: Runtime, tmp_path: Path) -> Iterator[Logs]:
    """Records of two tenants, signed and projected."""
    trail = open_trail(runtime.engine, tmp_path / "trail", lasting=False)
    installation = Installation(runtime.engine, runtime.keys, tmp_path, trail)
    found = Logs(installation, shared=runtime.explorer)
    found.append(*several(range(30)), *several(range(4), tenant="other"))
    found.sign()
    found.project()
    yield found
    trail.close()


@pytest.fixture
def rita(issue: Issue) -> Headers:
    return issue("auditor", "acme", home="acme")


@pytest.fixture
def sven(issue: Issue) -> Headers:
    return issue("sre")


@pytest.mark.usefixtures("logs")
def test_each_filter_is_a_parameter(client: TestClient, rita: Headers) -> None:
    def indices(**asked: str) -> list[int]:
        answer = client.get(EVENTS, params=asked, headers=rita)
        assert answer.status_code == 200, answer.text
        return [one["index"] for one in answer.json()["events"]]

    assert indices() == list(range(29, -1, -1))
    assert indices(actor="u1", resource="o1", resource_type="order") == [16, 1]
    assert indices(action="orders:cancel") == []
    assert indices(outcome="denied") == indices(**{"class": "secret.pi"}) == []
    assert indices(correlation="none") == []
    assert indices(q="box 17") == [17]
    begun = {"from": "2026-02-28T12:03:00Z", "to": "2026-02-28T13:05:00+01:00"}
    assert indices(**begun) == [4, 3]


@pytest.mark.usefixtures("logs")
def test_pages_follow_links_that_are_good_for_one_question_and_log_alone(
    client: TestClient, rita: Headers, ada: Headers
) -> None:
    first = client.get(EVENTS, params={"limit": 20, "outcome": "success"}, headers=rita)
    link = first.links["next"]["url"]
    second = client.get(link, headers=rita)
    assert [one["index"] for one in second.json()["events"]] == list(range(9, -1, -1))
    assert "next" not in second.links
    other = client.get(link.replace("success", "failure"), headers=rita)
    assert (other.status_code, other.json()["type"]) == (422, "/problems/InvalidRequest")
    elsewhere = client.get(EVENTS, params={"limit": 2, "tenant": "other"}, headers=ada)
    assert client.get(elsewhere.links["next"]["url"], headers=ada).status_code == 200
    assert client.get(link, headers=ada).status_code == 422


@pytest.mark.usefixtures("logs")
def test_a_page_can_be_verified_by_what_it_bears(client: TestClient, rita: Headers) -> None:
    page = client.get(EVENTS, params={"actor": "u2", "proof": "1"}, headers=rita).json()
    proof = page["proof"]
    head = Head.parse(text_of(proof["checkpoint"].encode()))
    leaves = {one["index"]: b64decode(one["leaf_hash"]) for one in page["events"]}
    assert sorted(leaves) == proof["indices"]
    hashes = [b64decode(part) for part in proof["proof"]]
    multi.verify(leaves, proof["tree_size"], hashes, head.root)
    assert (page["through"], page["size"]) == (30, 30)


@pytest.mark.usefixtures("logs")
def test_an_answer_streams_whole(client: TestClient, rita: Headers) -> None:
    streamed = client.get(EVENTS, headers=rita | {"Accept": "application/x-ndjson"})
    lines = [json.loads(line) for line in streamed.text.splitlines()]
    assert [line["index"] for line in lines] == list(range(29, -1, -1))
    found = client.get(
        EVENTS, params={"q": "box"}, headers=rita | {"Accept": "application/x-ndjson"}
    )
    assert len(found.text.splitlines()) == 30


@pytest.mark.census("ATP-506")
@pytest.mark.usefixtures("logs")
def test_a_question_reaches_its_own_tenant_alone(
    client: TestClient, rita: Headers, eve: Headers, ada: Headers, nobody: Headers
) -> None:
    assert client.get(EVENTS, params={"tenant": "other"}, headers=rita).status_code == 404
    mine = client.get(EVENTS, headers=eve).json()
    assert (mine["tenant"], len(mine["events"])) == ("other", 4)
    assert {one["record"]["tenant"] for one in mine["events"]} == {"other"}
    assert client.get(EVENTS, headers=ada).json()["tenant"] == "_platform"
    assert client.get(EVENTS, headers=nobody).status_code == 403
    seen = client.get(PROJECTIONS, headers=eve).json()["projections"]
    assert {one["tenant"] for one in seen} == {"other"}


@pytest.mark.usefixtures("logs")
@pytest.mark.parametrize(
    "asked", [{"outcome": "maybe"}, {"from": "yesterday"}, {"from": "2026-02-28T12:00:00"}]
)
def test_a_wrong_filter_is_refused(
    client: TestClient, rita: Headers, asked: dict[str, str]
) -> None:
    assert client.get(EVENTS, params=asked, headers=rita).status_code == 422


@pytest.mark.census("ATP-232")
@pytest.mark.usefixtures("logs")
def test_queries_are_listed_with_duration_and_plan(
    client: TestClient, rita: Headers, sven: Headers
) -> None:
    client.get(EVENTS, params={"actor": "u2"}, headers=rita)
    (one,) = client.get("/api/v1/audit/queries", headers=sven).json()["queries"]
    assert (one["shape"], one["count"]) == ("actor", 1)
    assert one["slowest_duration_ms"] > 0
    assert any("read_actor" in line for line in one["plan"])


@pytest.mark.census("ATP-233")
def test_a_held_projection_is_seen_and_its_problem_told_once(
    client: TestClient, sven: Headers, rita: Headers, logs: Logs, runtime: Runtime
) -> None:
    assert client.post(f"{PROJECTIONS}/actor/pause", headers=rita).status_code == 403
    assert client.post(f"{PROJECTIONS}/nothing/pause", headers=sven).status_code == 422
    held = client.post(f"{PROJECTIONS}/actor/pause", headers=sven).json()
    assert held == {"projection": "actor", "paused": True, "changed": True}
    logs.append(record(99))
    logs.project()
    found = client.get(PROJECTIONS, headers=rita).json()["projections"]
    assert {one["projection"]: one["behind"] for one in found} == {
        "timeline": 0,
        "actor": 1,
        "resource": 0,
        "fields": 0,
        "search": 0,
    }
    watch = ProblemWatch(engine=runtime.engine, explorer=runtime.explorer, clock=runtime.clock)
    watch.beat()
    watch.beat()
    assert told(runtime) == ["ProjectionPaused", "ProblemObserved"]
    assert client.post(f"{PROJECTIONS}/actor/resume", headers=sven).json()["changed"]
    logs.project()
    watch.beat()
    assert told(runtime)[2:] == ["ProjectionResumed", "ProblemEnded"]


@pytest.mark.census("ATP-234")
@pytest.mark.usefixtures("logs")
def test_a_cache_that_does_not_know_is_a_problem(
    client: TestClient, rita: Headers, runtime: Runtime
) -> None:
    assert query_health(runtime.explorer).status == "healthy"
    for _ in range(60):
        runtime.explorer.cache.clear()
        assert client.get(EVENTS, headers=rita).status_code == 200
    health = query_health(runtime.explorer)
    assert (health.status, "CacheMissRateHigh" in health.description) == ("degraded", True)
    assert "quarterdeck_query_cache_misses_total" in client.get("/metrics", headers=rita).text


@pytest.mark.census("ATP-285", "ATP-287")
def test_a_rebuild_is_a_job_dry_unless_told_otherwise(
    client: TestClient, sven: Headers, rita: Headers, logs: Logs, runtime: Runtime
) -> None:
    wipe(runtime.explorer.read, "resource", "acme")
    body = {"tenant": "acme"}
    assert (
        client.post(f"{PROJECTIONS}/resource/rebuild", json=body, headers=rita).status_code == 403
    )
    unknown = {"tenant": "nobody"}
    path = f"{PROJECTIONS}/resource/rebuild"
    assert client.post(path, json=unknown, headers=sven).status_code == 422
    dry = client.post(path, json=body, headers=sven)
    assert (dry.status_code, dry.json()["dry_run"]) == (202, True)
    work(runtime)
    assert logs.ask(resource="o1") == []
    wet = client.post(path, json=body | {"dry_run": False}, headers=sven).json()
    work(runtime)
    assert client.get(f"/api/v1/jobs/{wet['job']}", headers=sven).json()["state"] == "done"
    runtime.explorer.cache.clear()
    assert logs.ask(resource="o1") == [26, 21, 16, 11, 6, 1]
    facts = [fact for fact in payloads(runtime) if "missing" in fact]
    assert [(fact["dry"], fact["missing"]) for fact in facts] == [(True, 30), (False, 30)]


def work(runtime: Runtime) -> None:
    kind = rebuild_kind(runtime.explorer.read, runtime.explorer.fields)
    worker = Worker(
        name="w",
        engine=runtime.engine,
        clock=runtime.clock,
        kinds={kind.name: kind},
        threads=1,
        lease=timedelta(minutes=1),
    )
    with ThreadPoolExecutor(1) as pool:
        worker.turn(pool)
    worker.turn(pool)


def told(runtime: Runtime) -> list[str]:
    names = ("ProjectionPaused", "ProjectionResumed", "ProblemObserved", "ProblemEnded")
    with reading(runtime.engine) as db:
        query = select(outbox.c.name).where(outbox.c.name.in_(names)).order_by(outbox.c.sequence)
        return list(db.scalars(query))


def payloads(runtime: Runtime) -> list[dict[str, object]]:
    with reading(runtime.engine) as db:
        query = select(outbox.c.payload).order_by(outbox.c.moment)
        return [json.loads(one) for one in db.scalars(query)]
