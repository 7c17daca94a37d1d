"""Sends webhooks over HTTP."""

import httpx2

from quarterdeck.trail.webhooks.model import Answer, Headers

TIMEOUT_S = 10.0
MOST_ERROR = 300


class HttpSender:
    """The port ``Sender``."""

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self._http = httpx2.Client(timeout=timeout_s, follow_redirects=False)

    def send(self, url: str, headers: Headers, body: bytes) -> Answer:
        """As the port says."""
        try:
            answer = self._http.post(url, headers=dict(headers), content=body)
        except (httpx2.TransportError, httpx2.InvalidURL) as error:
            return Answer(status=None, error=f"{type(error).__name__}: {error}"[:MOST_ERROR])
        words = "" if answer.is_success else answer.text[:MOST_ERROR]
        return Answer(status=answer.status_code, error=words)

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()
