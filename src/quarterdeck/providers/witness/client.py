"""A witness somewhere, asked as c2sp.org/tlog-witness says."""

import socket
from functools import cached_property
from urllib.parse import urlsplit

import httpx2

from quarterdeck.trail.witnesses.ports import WitnessAway

TIMEOUT_S = 5.0
MAX_LINES = 65_536


class HttpWitness:
    """A Witness (see ``trail.witnesses.ports``) at a URL."""

    def __init__(self, vkey: str, url: str) -> None:
        self.vkey = vkey
        self._url = url.rstrip("/")
        self._http = httpx2.Client(timeout=TIMEOUT_S)

    @cached_property
    def elsewhere(self) -> bool:
        """Whether none of its addresses is one of this machine's: only those can be bound."""
        host = urlsplit(self._url).hostname or ""
        try:
            found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)
        except OSError:
            return False
        return not any(_is_ours(family, str(address[0])) for family, _, _, _, address in found)

    def add(self, body: bytes) -> str | int:
        try:
            answer = self._http.post(f"{self._url}/add-checkpoint", content=body)
        except httpx2.HTTPError as error:
            raise WitnessAway(f"{self._url} did not answer: {error}") from error
        if answer.status_code == httpx2.codes.CONFLICT and answer.text.strip().isdecimal():
            return int(answer.text)
        if answer.is_error or len(answer.content) > MAX_LINES:
            raise WitnessAway(f"{self._url} answered {answer.status_code}: {answer.text[:200]}")
        return answer.text

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()


def _is_ours(family: int, address: str) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True
