"""Asks an address outside, which rings somebody when it is not asked any more."""

import httpx2

TIMEOUT_S = 10.0


class HttpBell:
    """The port ``Bell``."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = httpx2.Client(timeout=TIMEOUT_S, follow_redirects=False)

    def ring(self) -> str:
        """As the port says."""
        try:
            reply = self._http.get(self._url, headers={"User-Agent": "Quarterdeck"})
        except (httpx2.RequestError, httpx2.InvalidURL, UnicodeError) as error:
            return f"{type(error).__name__}: {error}"
        return "" if reply.is_success else f"it answers {reply.status_code}"

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()
