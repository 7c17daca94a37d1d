"""Bytes that no polite client sends: the server stays up, and answers or hangs up."""

import json
from collections.abc import Iterator
from socket import create_connection

import httpx2
import pytest
from fastapi import FastAPI

from api.conftest import Headers
from api.serving import Served, served
from quarterdeck.runtime import Runtime
from quarterdeck.web import protocol
from quarterdeck.web.protocol import MAX_HEAD_BYTES


@pytest.fixture
def server(app: FastAPI, runtime: Runtime) -> Iterator[Served]:
    with served(app, runtime) as running:
        yield running


def answer(server: Served, request: bytes) -> bytes:
    """The first line of what comes back; empty if the server hangs up."""
    with create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(request)
        return connection.recv(4096).split(b"\r\n")[0]


def whole_answer(server: Served, request: bytes) -> bytes:
    """All that comes back until the server hangs up."""
    with create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(4096), b""))


HOST = b"Host: 127.0.0.1\r\nConnection: close\r\n"


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET /\xff HTTP/1.1\r\n" + HOST + b"\r\n", b"400"),
        (b"GET /health?\xff HTTP/1.1\r\n" + HOST + b"\r\n", b"400"),
        (b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n", b"400"),
        (b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n" + HOST + b"\r\n", b"400"),
        (b"GET /health HTTP/1.1\r\n" + HOST + b"X-Request-Id: \xff\xfe\r\n\r\n", b"200"),
        (b"GET /api/v1/status HTTP/1.1\r\n" + HOST + b"Authorization: Bearer \xff\r\n\r\n", b"401"),
        (b"GET /api/v1/status HTTP/1.1\r\n" + HOST + b"Cookie: quarterdeck=\xff\r\n\r\n", b"401"),
        (b"POST /api/v1/tenants HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n", b"400"),
        (
            b"POST /health HTTP/1.1\r\n" + HOST + b"Content-Length: 9" + b"9" * 18 + b"\r\n\r\n",
            b"4",
        ),
        (b"GET http://evil.example/health HTTP/1.1\r\nHost: evil.example\r\n\r\n", b"400"),
    ],
)
def test_strange_bytes_are_refused_and_the_server_lives(
    server: Served, request_bytes: bytes, status: bytes
) -> None:
    assert answer(server, request_bytes).startswith(b"HTTP/1.1 " + status)
    assert httpx2.get(server.url + "/health/live").status_code == 200


def test_what_is_no_http_is_told_so_in_the_one_shape(server: Served) -> None:
    said = whole_answer(server, b"nonsense\r\n\r\n")
    problem = json.loads(said.split(b"\r\n\r\n")[1])
    assert b"content-type: application/problem+json" in said
    assert (problem["type"], problem["status"]) == ("/problems/Malformed", 400)
    assert problem["request_id"].encode() in said.split(b"\r\n\r\n")[0]


@pytest.mark.parametrize("path", ["/health/live", "/api/v1/status", "/nowhere", "/swagger"])
def test_head_answers_as_get_would_but_for_the_body(server: Served, path: str) -> None:
    got, headed = httpx2.get(server.url + path), httpx2.head(server.url + path)
    assert headed.status_code == got.status_code
    assert headed.headers["content-type"] == got.headers["content-type"]
    assert headed.content == b""


def test_a_head_without_end_is_refused_before_it_fills_the_memory(server: Served) -> None:
    endless = b"GET /health HTTP/1.1\r\n" + HOST + b"X: " + b"a" * MAX_HEAD_BYTES
    assert answer(server, endless).startswith(b"HTTP/1.1 431")


def test_a_body_is_no_part_of_the_head(server: Served) -> None:
    body = b'{"name": "' + b"a" * 2 * MAX_HEAD_BYTES + b'"}'
    head = b"POST /api/v1/tenants HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
    length = f"Content-Length: {len(body)}\r\n\r\n".encode()
    assert answer(server, head + length + body).startswith(b"HTTP/1.1 401")


@pytest.mark.parametrize("begun", [b"", b"GET /health HTTP/1.1\r\nHost: "])
def test_a_head_that_never_ends_holds_no_connection(
    server: Served, begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_S", 0.05)
    assert answer(server, begun).startswith(b"HTTP/1.1 408")


def test_a_body_that_never_ends_holds_no_connection(
    server: Served, ada: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "BODY_S", 0.05)
    # Who may not ask is answered before the body is waited for.
    heads = "".join(f"{name}: {value}\r\n" for name, value in ada.items()).encode()
    begun = b"POST /api/v1/tenants HTTP/1.1\r\n" + HOST + heads
    json_length = b"Content-Type: application/json\r\nContent-Length: 9\r\n\r\n"
    assert answer(server, begun + json_length).startswith(b"HTTP/1.1 408")


ALIVE = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
REFUSED = b"POST /health HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 9\r\n\r\n"


@pytest.fixture
def hasty(server: Served) -> Served:
    """It keeps an idle connection for a moment only."""
    server.server.config.timeout_keep_alive = 0.05  # type: ignore[assignment]  # any number will do
    return server


@pytest.mark.parametrize("asked", [1, 3])
def test_a_connection_is_kept_for_a_while_and_then_closed_without_a_word(
    hasty: Served, asked: int
) -> None:
    said = whole_answer(hasty, asked * ALIVE)
    assert said.count(b"HTTP/1.1 ") == said.count(b"HTTP/1.1 200") == asked


def test_a_body_after_its_answer_has_its_own_time_and_holds_no_connection(
    hasty: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_S", 0.1)
    with create_connection(("127.0.0.1", hasty.port), timeout=0.3) as connection:
        connection.sendall(REFUSED)
        assert connection.recv(4096).startswith(b"HTTP/1.1 400")
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.sendall(b"123456789")
        assert connection.recv(1) == b""


def test_a_body_that_never_comes_after_its_answer_gets_no_other(
    server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "BODY_S", 0.05)
    said = whole_answer(server, REFUSED)
    assert said.count(b"HTTP/1.1 ") == said.count(b"HTTP/1.1 400") == 1


def test_the_next_head_has_its_own_time(hasty: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_S", 0.2)
    said = whole_answer(hasty, ALIVE + ALIVE[:20])
    assert (said.count(b"HTTP/1.1 200"), said.count(b"HTTP/1.1 408")) == (1, 1)
