"""Bytes that no polite client sends: the server stays up, and answers or hangs up."""

from collections.abc import Iterator
from socket import create_connection

import httpx2
import pytest
from fastapi import FastAPI

from api.serving import Served, served
from quarterdeck.runtime import Runtime


@pytest.fixture
def server(app: FastAPI, runtime: Runtime) -> Iterator[Served]:
    with served(app, runtime) as running:
        yield running


def answer(server: Served, request: bytes) -> bytes:
    """The first line of what comes back; empty if the server hangs up."""
    with create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(request)
        return connection.recv(4096).split(b"\r\n")[0]


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
