"""Tokens: who we are for Azure, by azure-identity."""

import re
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, Protocol

from azure.core.credentials import TokenCredential
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    ServiceRequestError,
    ServiceResponseError,
)

from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass
from quarterdeck.kernel.clock import Clock
from quarterdeck.providers.azure.retry import asked_wait_s, failure

CODE = re.compile(r"AADSTS\d+:[^\"{}]*")
TRACE = re.compile(r"Trace ID: ?([0-9A-Za-z-]+)")
TOO_MANY = 429
SERVER_FAULT = 500


class Credential(Protocol):
    """Bearer tokens for Azure; may be used from several threads."""

    def token(self, scope: str) -> str:
        """A token valid for some minutes at least; raises CloudFailure."""
        ...

    def forget(self) -> None:
        """Do not use the token again: the cloud has refused it."""
        ...

    def close(self) -> None:
        """Give up connections."""
        ...


class Closable(TokenCredential, Protocol):
    """What azure-identity's credentials are."""

    def close(self) -> None: ...


Hook = Callable[[Any], None]
Make = Callable[[Hook], Closable]


class EntraCredential:
    """Tokens from Entra ID, kept until near their end.

    After any failure the library's object is made anew: it remembers an error for up to a
    minute, and would answer from that memory when a secret has been corrected.
    """

    def __init__(self, make: Make, clock: Clock) -> None:
        self._make = make
        self._clock = clock
        self._lock = Lock()
        self._inner: Closable | None = None
        self._last: tuple[int, Mapping[str, str]] = (0, {})

    def token(self, scope: str) -> str:
        """A token; one thread asks, the others wait for its answer."""
        with self._lock:
            self._last = (0, {})
            try:
                self._inner = self._inner or self._make(self._saw)
                return self._inner.get_token(scope).token
            except (AzureError, ValueError) as error:
                self._drop()
                raise self._failure(error) from error

    def forget(self) -> None:
        """Drop the token that was refused."""
        with self._lock:
            self._drop()

    close = forget

    def _drop(self) -> None:
        if self._inner is not None:
            self._inner.close()
        self._inner = None

    def _saw(self, response: Any) -> None:  # noqa: ANN401  azure-core's own, untyped there
        answer = response.http_response
        headers = {name.lower(): value for name, value in answer.headers.items()}
        self._last = (answer.status_code, headers)

    def _failure(self, error: Exception) -> CloudFailure:
        status, headers = self._last
        text, trace = told(error)
        if isinstance(root(error), ServiceRequestError | ServiceResponseError):
            return unreachable(text)
        if status == TOO_MANY:
            return failure(
                FailureClass.RATE_LIMIT,
                f"Entra ID has too many requests: {text}",
                passing=True,
                retry_after_s=asked_wait_s(headers, self._clock),
                request_id=trace,
            )
        if status >= SERVER_FAULT:
            message = f"Entra ID answered {status}: {text}"
            return failure(FailureClass.TIMEOUT, message, passing=True, request_id=trace)
        return failure(FailureClass.AUTHENTICATION, text, request_id=trace)


def told(error: Exception) -> tuple[str, str]:
    """An error's words up to where Entra adds ids of its own, and its trace id."""
    text = entras_words(error)
    trace = TRACE.search(text)
    words = text[: trace.start()] if trace else text
    return " ".join(words.split()), trace.group(1) if trace else ""


def entras_words(error: BaseException) -> str:
    """The words with Entra's code; the library hides them below errors of its own."""
    below: BaseException | None = error
    while below is not None:
        if found := CODE.search(str(below)):
            return found.group()
        below = below.__cause__ or below.__context__
    return error.message if isinstance(error, ClientAuthenticationError) else str(error)


def root(error: BaseException) -> BaseException:
    """The azure-core error that others were raised from, else the first."""
    while error.__cause__ is not None and isinstance(error.__cause__, AzureError):
        error = error.__cause__
    return error


def unreachable(text: str) -> CloudFailure:
    """No connection to Entra. A certificate does not become trusted by waiting."""
    if "certificate" in text.lower():
        message = f"the certificate of Entra ID is not trusted: {text}; set the CA file"
        return failure(FailureClass.UNKNOWN, message)
    return failure(FailureClass.TIMEOUT, f"no answer from Entra ID: {text}", passing=True)
