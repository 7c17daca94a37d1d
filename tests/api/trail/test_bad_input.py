"""What nobody should send, item by item: refused by the name of its field, each line for itself;
and whatever is taken can be read again.
"""

import gzip
import json
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.conftest import BASE, Headers, Issue
from api.trail.test_ingest import EVENTS, NDJSON, Json, classify, event, lines, stored
from quarterdeck.kernel import deliveries
from quarterdeck.kernel.clock import utc_now
from quarterdeck.runtime import Runtime
from quarterdeck.trail.ingest.service import subscriber
from quarterdeck.trail.proof.tiles import MAX_ENTRY_BYTES

JSON = {"Content-Type": "application/json"}
BOMB = gzip.compress(bytes(64 << 20))
"""64 MB in 64 kB."""


@pytest.fixture
def producer(issue: Issue) -> Headers:
    """A program that may append to acme."""
    return issue("producer", "acme", home="acme")


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url=BASE, raise_server_exceptions=False) as opened:
        yield opened


@pytest.fixture
def public(client: TestClient, ada: Headers, runtime: Runtime) -> None:
    """All that acme is sent stays in clear."""
    rules = ({"path": f"/{part}/**", "class": "public"} for part in ("payload", "changes"))
    classify(client, ada, *rules)
    trail = subscriber(runtime.engine, runtime.keys, runtime.sequencer)
    for tenant, place in deliveries.behind(runtime.engine, trail.name):
        while moved := deliveries.deliver(runtime.engine, utc_now, trail, tenant, place):
            place += moved  # noqa: PLW2901  the place moves with what was received


def nested(depth: int) -> Any:  # noqa: ANN401  JSON
    return json.loads("[" * depth + "]" * depth)


def raw(text: str, **said: object) -> bytes:
    """An event with ``@`` in it, in whose place ``text`` is written."""
    return lines(event(**said)).replace(b'"@"', text.encode())


NAMED: dict[str, tuple[bytes, str]] = {
    "deep payload": (lines(event(payload={"a": nested(80)})), "/payload"),
    "deep changes": (lines(event(changes={"after": {"a": nested(80)}})), "/changes"),
    "a key twice": (b'{"action":"a:b",' + lines(event())[1:], "/action"),
    "a key of the actor twice": (
        lines(event()).replace(b'"id": "u-1"', b'"id": "u-1", "id": "u-2"'),
        "/actor/id",
    ),
    "a float for a number": (lines(event(source_seq=1.5)), "/source_seq"),
    "a float for a word": (raw("1.5", action="@"), "/action"),
    "a float in the correlation": (raw("0.1", correlation={"trace": "@"}), "/correlation/trace"),
    "a float for an id": (raw("1e3", actor={"type": "user", "id": "@"}), "/actor/id"),
    "a lone surrogate in a word": (raw(r'"\ud800"', action="@"), "/action"),
    "a lone surrogate in an id": (
        raw(r'"u-\udfff"', actor={"type": "user", "id": "@"}),
        "/actor/id",
    ),
    "a lone surrogate in the payload": (raw(r'"\uD83D"', payload={"a": "@"}), "/payload/a"),
    "a lone surrogate in the changes": (
        raw(r'"\udc00"', changes={"before": {"a": "@"}}),
        "/changes/before",
    ),
    "a lone surrogate in a name": (
        lines(event(payload={"@": 1})).replace(b'"@"', rb'"\udbff"'),
        "/payload",
    ),
    "a number of 5,000 digits": (raw("9" * 5000, payload={"a": "@"}), "/payload"),
    "changes that fit into no leaf": (
        lines(event(changes={"after": {"a": "x" * 70_000}})),
        "/changes",
    ),
    "fields that fit into no leaf": (
        lines(event(payload={f"field {n}": n for n in range(4000)})),
        "/payload",
    ),
    "version 0": (lines(event(schema_version=0)), "/schema_version"),
    "version 3": (lines(event(schema_version=3)), "/schema_version"),
    "a version in words": (lines(event(schema_version="2")), "/schema_version"),
    "a version of a list": (lines(event(schema_version=[2])), "/schema_version"),
    "a version of nothing": (lines(event(schema_version=None)), "/schema_version"),
    "another's source": (lines(event(source="another")), "/source"),
    "our own source": (lines(event(source="quarterdeck")), "/source"),
    "a NUL in an id": (lines(event(id="a\0b")), "/id"),
    "a NUL in a key": (lines(event(idempotency_key="a\0b")), "/idempotency_key"),
    "a time without a zone": (lines(event(occurred_at="2026-02-28T12:00:00")), "/occurred_at"),
    "a time that is none": (lines(event(occurred_at="yesterday")), "/occurred_at"),
    "an id too long": (lines(event(id="x" * 201)), "/id"),
    "an outcome unknown": (lines(event(outcome="perhaps")), "/outcome"),
    "a field unknown": (lines(event(colour="red")), "/colour"),
    "a payload that is no object": (lines(event(payload=[1])), "/payload"),
}
"""Events that are refused, and the field that is named."""


@pytest.mark.usefixtures("public")
def test_what_is_refused_is_refused_by_its_field(
    client: TestClient, producer: Headers, runtime: Runtime
) -> None:
    before, wrong = runtime.reader.size("acme"), {}
    for what, (body, pointer) in NAMED.items():
        answer = client.post(EVENTS, content=body, headers=producer | JSON)
        (error,) = answer.json().get("errors", [{"pointer": "", "detail": ""}])
        named = pointer.removeprefix("/").replace("/", ".") in error["detail"]
        if (answer.status_code, error["pointer"], named) != (400, f"#{pointer}", True):
            wrong[what] = answer.text
    assert wrong == {}
    assert runtime.reader.size("acme") == before


@pytest.mark.usefixtures("public")
def test_a_batch_of_lines_is_judged_line_by_line(client: TestClient, producer: Headers) -> None:
    bodies = [body for body, _ in NAMED.values()]
    mixed = [part for body in bodies for part in (body, lines(event()))]
    answer = client.post(EVENTS, content=b"\n".join(mixed), headers=producer | NDJSON)
    assert answer.status_code == 200
    told = [json.loads(line) for line in answer.text.splitlines()]
    assert len(told) == len(mixed)
    assert {one["status"] for one in told[1::2]} == {"appended"}
    found = [one["problem"]["errors"][0]["pointer"] for one in told[::2]]
    assert found == [f"#{pointer}" for _, pointer in NAMED.values()]
    assert {one["problem"]["status"] for one in told[::2]} == {400}


@pytest.mark.usefixtures("public")
def test_a_batch_of_which_no_line_is_taken_is_a_400(
    client: TestClient, producer: Headers, runtime: Runtime
) -> None:
    before = runtime.reader.size("acme")
    body = b"\n".join(body for body, _ in NAMED.values())
    answer = client.post(EVENTS, content=body, headers=producer | NDJSON)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "#/0/payload"
    assert runtime.reader.size("acme") == before


WELL = lines(event())
ODD_LINES: dict[str, tuple[bytes, list[str]]] = {
    "0xFF in a line": (b"\n".join([WELL, b'{"action":"\xff"}', WELL]), ["+", "-", "+"]),
    "0xFF alone": (b"\xff\n" + WELL, ["-", "+"]),
    "UTF-16 in a line": (WELL + b"\n" + WELL.decode().encode("utf-16-le") + b"\n", ["+", "-"]),
    "BOM": (b"\xef\xbb\xbf" + WELL + b"\n" + WELL, ["-", "+"]),
    "CRLF": (WELL + b"\r\n" + WELL + b"\r\n", ["+", "+"]),
    "empty lines": (b"\n\n" + WELL + b"\n \n\t\n" + WELL + b"\n\n", ["+", "+"]),
    "no last newline": (WELL + b"\n" + WELL, ["+", "+"]),
    "two on a line": (WELL + WELL + b"\n" + WELL, ["-", "+"]),
    "half a line": (WELL + b"\n" + WELL[:-9], ["+", "-"]),
    "a bomb on a line": (b"[" * 1_000_000 + b"\n" + WELL, ["-", "+"]),
    "a word": (b"null\n" + WELL + b"\n17\n[]\n" + b'"x"', ["-", "+", "-", "-", "-"]),
}


def test_an_odd_line_takes_no_other_with_it(client: TestClient, producer: Headers) -> None:
    for what, (body, wanted) in ODD_LINES.items():
        answer = client.post(EVENTS, content=body, headers=producer | NDJSON)
        assert answer.status_code == 200, (what, answer.text)
        told = [json.loads(line)["status"] for line in answer.text.splitlines()]
        assert told == ["appended" if one == "+" else "refused" for one in wanted], what


BODIES = [
    b"",
    b" \r\n\t\n",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\0",
    b"[" * 1_000_000,
    b"{" * 1_000_000,
    b'[{"a":' * 160_000,
    b'{"payload":' * 40_000,
    b"[" * 500_000 + b"]" * 500_000,
    b"[]",
    b"[[]]",
    b"[null]",
    b"\n" * 1_000_000,
    b'"' * 1_000_001,
    b"1" * 400_000,
]


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "application/x-ndjson",
        "application/cloudevents+json",
        "application/cloudevents-batch+json",
    ],
)
def test_no_body_of_any_kind_is_more_than_a_400(
    client: TestClient, producer: Headers, runtime: Runtime, kind: str
) -> None:
    headers = producer | {"Content-Type": kind}
    for body in BODIES:
        answer = client.post(EVENTS, content=body, headers=headers)
        assert answer.status_code == 400, (body[:20], answer.text)
        assert answer.headers["content-type"].startswith("application/problem+json")
    assert runtime.reader.size("acme") == 0


@pytest.mark.parametrize("path", [EVENTS, "/v1/logs"])
def test_what_is_packed_is_not_unpacked(client: TestClient, producer: Headers, path: str) -> None:
    gzips = () if path == "/v1/logs" else ("gzip", "GZIP", "x-gzip")
    for encoding in (*gzips, "deflate", "br", "zstd", "identity, gzip", "gzip, gzip"):
        headers = producer | JSON | {"Content-Encoding": encoding}
        answer = client.post(path, content=BOMB, headers=headers)
        assert answer.status_code == 415, encoding
        assert "Content-Encoding" in answer.json()["detail"]


def log_records(count: int) -> bytes:
    record = {
        "timeUnixNano": "1772280000000000000",
        "eventName": "orders:create",
        "attributes": [
            {"key": "user.id", "value": {"stringValue": "u-1"}},
            {"key": "audit.resource.type", "value": {"stringValue": "order"}},
            {"key": "audit.resource.id", "value": {"stringValue": "o-1"}},
        ],
    }
    return lines({"resourceLogs": [{"scopeLogs": [{"logRecords": [record] * count}]}]})


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip"])
@pytest.mark.parametrize("path", ["/v1/logs", "/t/acme/v1/logs"])
def test_log_records_may_come_as_gzip(
    client: TestClient, producer: Headers, runtime: Runtime, path: str, encoding: str
) -> None:
    headers = producer | JSON | {"Content-Encoding": encoding}
    sent = log_records(2)
    members = gzip.compress(sent[:50]) + gzip.compress(sent[50:])
    for body in (gzip.compress(sent), members):
        answer = client.post(path, content=body, headers=headers)
        assert (answer.status_code, answer.json()) == (200, {})
    assert runtime.reader.size("acme") == 4


def test_a_gzip_of_very_many_members_is_refused_at_once(
    client: TestClient, producer: Headers
) -> None:
    headers = producer | JSON | {"Content-Encoding": "gzip"}
    body = gzip.compress(b"") * 200_000
    answer = client.post("/v1/logs", content=body, headers=headers)
    assert (answer.status_code, "more than 64 members" in answer.json()["detail"]) == (400, True)


@pytest.mark.parametrize("path", ["/v1/logs", "/t/acme/v1/logs"])
def test_a_gzip_is_never_unpacked_beyond_what_a_body_may_have(
    client: TestClient, producer: Headers, path: str
) -> None:
    headers = producer | JSON | {"Content-Encoding": "gzip"}
    small = gzip.compress(bytes(5 << 20))
    for body in (BOMB, small + small, gzip.compress(b"") + BOMB):
        tracemalloc.start()
        answer = client.post(path, content=body, headers=headers)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert answer.status_code == 413
        assert "unpacks to more" in answer.json()["detail"]
        assert peak < 32 << 20


@pytest.mark.parametrize("path", ["/v1/logs", "/t/acme/v1/logs"])
def test_what_is_no_gzip_is_malformed(client: TestClient, producer: Headers, path: str) -> None:
    whole = gzip.compress(log_records(1))
    headers = producer | JSON | {"Content-Encoding": "gzip"}
    for body in (b"", log_records(1), whole[:-1], whole[:-9], whole + b"more", b"\x1f\x8b" * 9):
        answer = client.post(path, content=body, headers=headers)
        assert answer.status_code == 400, body
        assert "no " in answer.json()["detail"]
        assert "gzip" in answer.json()["detail"]


def deep(kind: str, depth: int) -> bytes:
    """A body whose innermost part lies about as deep as a reader of JSON can go."""
    inner = "[" * depth + "]" * depth
    if kind == "otlp":
        value = '{"arrayValue":{"values":[' * depth + "]}}" * depth
        logs = f'{{"logRecords":[{{"body":{value},"eventName":"a:b"}}]}}'
        return f'{{"resourceLogs":[{{"scopeLogs":[{logs}]}}]}}'.encode()
    told = '"specversion":"1.0","id":"1","source":"/a","type":"a:b","subject":"s"'
    return f'{{{told},"data":{inner}}}'.encode()


@pytest.mark.parametrize("kind", ["cloudevent", "otlp"])
def test_no_depth_is_too_deep_to_be_refused(
    client: TestClient, producer: Headers, kind: str
) -> None:
    path = "/v1/logs" if kind == "otlp" else EVENTS
    media = "application/json" if kind == "otlp" else "application/cloudevents+json"
    found = {
        depth: client.post(
            path, content=deep(kind, depth), headers=producer | {"Content-Type": media}
        ).status_code
        for depth in (*range(30, 70, 3), *range(100, 1100, 7), 100_000)
    }
    assert {depth: status for depth, status in found.items() if status not in (200, 400)} == {}


@pytest.mark.usefixtures("public")
def test_a_leaf_of_exactly_the_most_is_clear_and_one_byte_more_is_committed(
    client: TestClient, producer: Headers, runtime: Runtime
) -> None:
    def sent(size: int) -> tuple[int, Json]:
        body = event(payload={"text": "x" * size}, occurred_at=utc_now().isoformat())
        told = client.post(EVENTS, json=body, headers=producer).json()
        (entry,) = runtime.reader.entries("acme", told["index"], 1)
        return len(entry), stored(runtime, told["index"])

    short, _ = sent(60_000)
    most = 60_000 + MAX_ENTRY_BYTES - short
    length, record = sent(most)
    assert length == MAX_ENTRY_BYTES
    assert len(record["read"]["text"]) == most
    length, record = sent(most + 1)
    assert length < 2000
    assert (record["payload"], len(record["sd"])) == (None, 1)


@pytest.mark.parametrize(
    ("off", "flagged"),
    [(290, False), (-290, False), (310, True), (-310, True), (86_400 * 365, True)],
)
def test_a_clock_more_than_five_minutes_off_is_told_and_both_times_are_kept(
    client: TestClient, producer: Headers, runtime: Runtime, off: int, *, flagged: bool
) -> None:
    moment = utc_now()
    occurred = moment + timedelta(seconds=off)
    told = client.post(
        EVENTS, json=event(occurred_at=occurred.isoformat()), headers=producer
    ).json()
    assert ("skew_s" in told) is flagged
    if flagged:
        assert abs(told["skew_s"] + off) <= 5
    record = stored(runtime, 0)
    assert record["occurred_at"] == occurred.isoformat(timespec="microseconds")[:26] + "Z"
    assert moment.isoformat()[:16] <= record["received_at"][:16]


def test_ids_that_another_producer_used_are_ones_own(
    client: TestClient, producer: Headers, issue: Issue, runtime: Runtime
) -> None:
    other = issue("producer", "acme", home="acme")
    mine = client.post(EVENTS, json=event(id="e-1"), headers=producer).json()
    theirs = client.post(EVENTS, json=event(id="e-1", action="a:b"), headers=other).json()
    assert (mine["status"], theirs["status"]) == ("appended", "appended")
    sources = {stored(runtime, one["index"])["source"] for one in (mine, theirs)}
    assert len(sources) == 2
    again = client.post(EVENTS, json=event(id="e-1", action="a:b"), headers=producer)
    assert again.status_code == 422
    claimed = event(id="e-2", source=sources.pop())
    claimed_again = event(id="e-2", source=sources.pop())
    answers = [client.post(EVENTS, json=one, headers=other) for one in (claimed, claimed_again)]
    assert sorted(one.status_code for one in answers) == [200, 400]


PIECES = st.sampled_from(
    [
        *("1e999", "-1e999", "1e-999", "NaN", "-Infinity", "01", "1.", ".5", "-", "+1", "0x1"),
        *("1e", "--1", "1.2.3", "9" * 400, "9" * 4300, "9" * 4301, "-" + "9" * 4300),
        *(r'"\ud800"', r'"\udc00\ud800"', r'"\ud83d\ude00"', r'"\\ud800"', r'"\x41"', r'"\u12"'),
        *('"\t"', '"\x7f"', "'a'", "nul", "True", "[1,]", "[,]", '{"a":1,"a":2}', '{"a":1,}'),
        *("{a:1}", '{"a"}', "[1 2]", "/**/1", '"a', "\ufeff1", '"\\u0000"', r'{"\u0000":1}'),
        *('{"__proto__":1}', '"\u2028"', "1" + "0" * 30, "-0", "-0.0", "1E+2", " 1 ", '""', "null"),
    ]
)


@pytest.mark.usefixtures("public")
@given(pieces=st.lists(PIECES, min_size=1, max_size=3), listed=st.booleans())
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_payload_is_taken_can_be_read_again(
    client: TestClient, producer: Headers, ada: Headers, pieces: list[str], *, listed: bool
) -> None:
    inner = "[" + ",".join(pieces) + "]" if listed else pieces[0]
    body = raw(inner, payload={"a": "@"})
    assume(b"\n" not in body)
    answer = client.post(EVENTS, content=body, headers=producer | JSON)
    if answer.status_code == 400:
        return
    assert answer.status_code == 200, answer.text
    path = f"/api/v1/trail/logs/acme/records/{answer.json()['index']}"
    read = client.get(path, headers=ada)
    assert read.status_code == 200, (inner, read.text)
    shown = client.get("/api/v1/trail/logs/acme/records?limit=1", headers=ada)
    assert shown.status_code == 200, (inner, shown.text)
