"""X-Forwarded-*: believed from the proxy in front, and from nobody else."""

import asyncio

import pytest
from starlette.types import Receive, Scope, Send

from quarterdeck.web.proxies import BehindProxy


def seen(network: str, peer: str, *headers: tuple[str, str]) -> tuple[str, str]:
    """Client and scheme that the application sees."""
    found: list[Scope] = []

    async def inner(scope: Scope, _receive: Receive, _send: Send) -> None:
        found.append(scope)

    scope: Scope = {
        "type": "http",
        "scheme": "http",
        "client": (peer, 5),
        "headers": [(k.encode(), v.encode()) for k, v in headers],
    }
    asyncio.run(BehindProxy(inner, network)(scope, nothing, nowhere))
    return found[0]["client"][0], found[0]["scheme"]


async def nothing() -> dict[str, str]:
    return {}


async def nowhere(_message: object) -> None:
    return None


FOR = "x-forwarded-for"
HTTPS = ("x-forwarded-proto", "https")


@pytest.mark.parametrize("network", ["", "10.0.0.0/8"])
def test_a_stranger_is_not_believed(network: str) -> None:
    assert seen(network, "192.0.2.9", (FOR, "127.0.0.1"), HTTPS) == ("192.0.2.9", "http")


def test_the_proxy_is_believed() -> None:
    assert seen("10.0.0.0/8", "10.1.1.1", (FOR, "192.0.2.9"), HTTPS) == ("192.0.2.9", "https")


def test_what_the_client_wrote_itself_is_not_believed() -> None:
    told = (FOR, "127.0.0.1, 192.0.2.9, 10.2.2.2")
    assert seen("10.0.0.0/8", "10.1.1.1", told)[0] == "192.0.2.9"


def test_several_lines_are_one_list() -> None:
    assert seen("10.0.0.0/8", "10.1.1.1", (FOR, "127.0.0.1"), (FOR, "192.0.2.9"))[0] == "192.0.2.9"


@pytest.mark.parametrize("told", ["", "unknown", "192.0.2.9:4711", "; drop"])
def test_words_that_are_no_address_are_passed_over(told: str) -> None:
    assert seen("10.0.0.0/8", "10.1.1.1", (FOR, told))[0] == "10.1.1.1"


@pytest.mark.parametrize("scheme", ["ftp", "", "javascript"])
def test_no_other_scheme_is_taken_over(scheme: str) -> None:
    assert seen("10.0.0.0/8", "10.1.1.1", ("x-forwarded-proto", scheme))[1] == "http"
