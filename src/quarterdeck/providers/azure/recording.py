"""Records exchanges with Azure, so that a problem met there can be played back here."""

import re
from pathlib import Path
from threading import Lock

import msgspec

from quarterdeck.providers.azure.cassette import Exchange, write
from quarterdeck.providers.azure.transport import Answer

MASK = "********"

SECRET = re.compile(
    r"password|secret|token$|connectionstring|(access|account|primary|secondary|private|"
    r"shared|instrumentation)_?key|sas(url|uri)?$",
    re.IGNORECASE,
)
"""Names of fields whose text is masked, wherever they stand in a body."""

QUERY = re.compile(r"(?<=[?&])((?:sig|code|client_secret|access_token)=)[^&]*", re.IGNORECASE)

UNTOLD = {"set-cookie", "authorization", "www-authenticate", "content-length", "content-encoding"}
"""Headers that are secret, or no longer true of what is recorded."""


class Recording:
    """Every exchange it is told of, without secrets; may be told from several threads.

    Requests are recorded by method and address alone, so a token never gets in.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._exchanges: list[Exchange] = []

    def observe(self, method: str, answer: Answer) -> None:
        """Keep an exchange."""
        headers = {name: text for name, text in answer.headers.items() if name not in UNTOLD}
        exchange = Exchange(
            method=method,
            url=QUERY.sub(rf"\1{MASK}", answer.url),
            status=answer.status,
            headers=headers,
            body=masked(answer.body),
        )
        with self._lock:
            self._exchanges.append(exchange)

    def save(self, file: Path) -> int:
        """Write what was recorded as a cassette; how many exchanges it has."""
        with self._lock:
            write(file, self._exchanges)
            return len(self._exchanges)


def masked(body: bytes) -> bytes:
    """``body`` with secret values masked; to the byte what it was where there are none."""
    try:
        read = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return body
    hidden = hide(read)
    return body if hidden == read else msgspec.json.encode(hidden)


def hide(value: object) -> object:
    """A JSON value without the text of fields that bear a secret's name."""
    if isinstance(value, list):
        return [hide(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: MASK if isinstance(item, str) and SECRET.search(name) else hide(item)
        for name, item in value.items()
    }
