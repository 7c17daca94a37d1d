"""One exchange with Azure over HTTP: bytes out, bytes in, bounded in time and size."""

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import uuid4

import httpx2

from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass
from quarterdeck.providers.azure.asks import Ask
from quarterdeck.providers.azure.options import AzureOptions, is_loopback
from quarterdeck.providers.azure.retry import failure

REQUEST_IDS = ("x-ms-request-id", "x-ms-correlation-request-id", "x-ms-client-request-id")
AGENT = "quarterdeck"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, whole.

    Attributes:
        headers: by lower-case name; several of one name joined by a comma.
        request_id: the cloud's id of the exchange, else the one we sent.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    request_id: str


Observe = Callable[[str, Answer], None]
"""Told of each exchange: its method and its answer."""


class Transport:
    """A pool of connections to Azure; may be used from several threads.

    ``send`` returns any answer, of any status; it raises CloudFailure where there is none:
    TIMEOUT for no connection, a broken one or a late answer, DATA for one that is cut
    short or too long, UNKNOWN for a certificate that is not trusted.
    """

    def __init__(self, options: AzureOptions, observe: Observe | None = None) -> None:
        self._options = options
        self._observe = observe
        self._http = httpx2.Client(
            verify=trust(options),
            timeout=httpx2.Timeout(options.silence_s, connect=options.connect_s),
            headers={"user-agent": AGENT, "accept": "application/json"},
            trust_env=not is_loopback(options.endpoint),
        )

    def send(self, ask: Ask, token: str) -> Answer:
        """One exchange; no redirect is followed, so a token goes where it was meant to."""
        ours, url = str(uuid4()), ask.url
        headers = {"authorization": f"Bearer {token}", "x-ms-client-request-id": ours}
        if ask.body is not None:
            headers["content-type"] = "application/json"
        headers |= ask.headers
        try:
            with self._http.stream(ask.method, url, headers=headers, content=ask.body) as response:
                answer = self._answer(url, response, ours)
        except httpx2.TimeoutException as error:
            raise late(url, ours) from error
        except httpx2.TransportError as error:
            raise unreachable(url, ours, error) from error
        except (httpx2.InvalidURL, httpx2.DecodingError) as error:
            raise failure(FailureClass.DATA, f"{where(url)}: {error}", request_id=ours) from error
        if self._observe:
            self._observe(ask.method, answer)
        return answer

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def _answer(self, url: str, response: httpx2.Response, ours: str) -> Answer:
        headers = {name.lower(): value for name, value in response.headers.items()}
        theirs = next((headers[name] for name in REQUEST_IDS if name in headers), ours)
        body = self._body(url, response, theirs)
        return Answer(
            url=url, status=response.status_code, headers=headers, body=body, request_id=theirs
        )

    def _body(self, url: str, response: httpx2.Response, request_id: str) -> bytes:
        deadline = time.monotonic() + self._options.answer_s
        body = bytearray()
        try:
            for piece in response.iter_bytes():
                body += piece
                if len(body) > self._options.answer_bytes:
                    raise too_long(url, self._options.answer_bytes, request_id)
                if time.monotonic() > deadline:
                    raise late(url, request_id)
        except httpx2.RemoteProtocolError as error:
            message = f"{where(url)}: the answer ends after {len(body)} bytes, before its end"
            raise failure(
                FailureClass.DATA, message, passing=True, request_id=request_id, page=bytes(body)
            ) from error
        return bytes(body)


def trust(options: AzureOptions) -> ssl.SSLContext | bool:
    """Whom to believe: the given authorities alone, else the system's."""
    if options.ca_file is None:
        return True
    return ssl.create_default_context(cafile=options.ca_file)


def where(url: str) -> str:
    """An address for people: without its query, which may hold a page token."""
    return url.partition("?")[0]


def late(url: str, request_id: str) -> CloudFailure:
    """The answer did not come, or not to its end, in time."""
    message = f"{where(url)}: no answer in time"
    return failure(FailureClass.TIMEOUT, message, passing=True, request_id=request_id)


def too_long(url: str, limit: int, request_id: str) -> CloudFailure:
    """The answer exceeds what we are ready to hold."""
    message = f"{where(url)}: the answer is longer than {limit} bytes"
    return failure(FailureClass.DATA, message, request_id=request_id)


def unreachable(url: str, request_id: str, error: Exception) -> CloudFailure:
    """No connection, or one that broke. A certificate does not become trusted by waiting."""
    if "certificate" in str(error).lower():
        message = f"{where(url)}: its certificate is not trusted: {error}; set the CA file"
        return failure(FailureClass.UNKNOWN, message, request_id=request_id)
    message = f"{where(url)}: no connection: {str(error) or type(error).__name__}"
    return failure(FailureClass.TIMEOUT, message, passing=True, request_id=request_id)
