"""A look by HTTP: the status, and the word of .NET's health answers where there is one."""

import json
import ssl
from urllib.parse import urljoin

import httpx2

from quarterdeck.operations.health.model.registry import Probe
from quarterdeck.operations.health.model.state import Outcome, State

MOST_BYTES = 65_536
FAILED = 400
WORDS = {"healthy": State.HEALTHY, "degraded": State.DEGRADED, "unhealthy": State.DOWN}
AGENT = "quarterdeck-probe"


def open_client(trust: ssl.SSLContext) -> httpx2.AsyncClient:
    """A client for any number of looks at once: each by a connection of its own.

    A kept connection would hide a listener that takes no new ones.
    """
    return httpx2.AsyncClient(
        verify=trust,
        follow_redirects=False,
        trust_env=False,
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=0),
        headers={
            "User-Agent": AGENT,
            "Accept": "application/json, */*;q=0.1",
            "Accept-Encoding": "identity",
        },
        timeout=None,  # every look is bounded as a whole, where it is begun
    )


async def look(client: httpx2.AsyncClient, probe: Probe, base_url: str) -> Outcome:
    """What the address answers; a redirect is an answer, and not followed."""
    address = urljoin(base_url, probe.target)
    try:
        async with client.stream("GET", address) as answer:
            word = await _word(answer)
            status = answer.status_code
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
        return Outcome(state=State.UNKNOWN, detail=f"cannot be probed: {error}", took_ms=0.0)
    except httpx2.TransportError as error:
        detail = f"{type(error).__name__}: {error}".removesuffix(": ")
        return Outcome(state=State.DOWN, detail=detail, took_ms=0.0)
    state = State.DOWN if status >= FAILED else word or State.HEALTHY
    said = f"HTTP {status}" + (f", says {word.value}" if word else "")
    return Outcome(state=state, detail=said, took_ms=0.0)


async def _word(answer: httpx2.Response) -> State | None:
    """What the body says of itself, where it is JSON with a status that we know."""
    headers = answer.headers
    if "json" not in headers.get("content-type", "") or "content-encoding" in headers:
        return None  # packed is not unpacked: a few bytes can be a gigabyte
    body = b""
    async for piece in answer.aiter_raw():
        body += piece
        if len(body) > MOST_BYTES:
            return None
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    word = said.get("status") if isinstance(said, dict) else None
    return WORDS.get(word.lower()) if isinstance(word, str) else None
