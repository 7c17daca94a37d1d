"""Records exchanges with Azure, so that a problem met there can be played back here."""

import re
from pathlib import Path
from threading import Lock

import msgspec

from quarterdeck.kernel.clock import Clock
from quarterdeck.providers.azure.cassette import Exchange, write
from quarterdeck.providers.azure.transport import Answer

EXCHANGES = 200
MASK = "********"

SECRET = re.compile(
    r"password|secret|token$|connectionstring|(access|account|primary|secondary|private|"
    r"shared|instrumentation)_?key|sas(url|uri)?$",
    re.IGNORECASE,
)
"""Names of fields whose text is masked, wherever they stand in a body."""

QUERY = re.compile(r"(?<=[?&])((?:sig|code|client_secret|access_token)=)[^&]*", re.IGNORECASE)

VAULT = re.compile(r"https://[^/]+/secrets/", re.IGNORECASE)
"""Addresses whose whole answer is a secret (Key Vault)."""

NOTHING = b"{}"
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
        in_vault = VAULT.match(answer.url) is not None
        exchange = Exchange(
            method=method,
            url=QUERY.sub(rf"\1{MASK}", answer.url),
            status=answer.status,
            headers=headers,
            body=NOTHING if in_vault else masked(answer.body),
        )
        with self._lock:
            self._exchanges.append(exchange)

    def __len__(self) -> int:
        return len(self._exchanges)

    def close(self) -> None:
        """There is nothing to do: who asked for it saves it."""

    def save(self, file: Path) -> int:
        """Write what was recorded as a cassette; how many exchanges it has."""
        with self._lock:
            write(file, self._exchanges)
            return len(self._exchanges)


class RecordingFolder:
    """Records into a folder, a cassette after each ``EXCHANGES``; may be told from several threads.

    Close it at the end, or the last exchanges are lost.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._began = clock()
        self._lock = Lock()
        self._recording = Recording()
        self._files = 0

    def observe(self, method: str, answer: Answer) -> None:
        """Keep an exchange."""
        with self._lock:
            self._recording.observe(method, answer)
            if len(self._recording) >= EXCHANGES:
                self._save()

    def close(self) -> None:
        """Write what has not been written."""
        with self._lock:
            if len(self._recording):
                self._save()

    def _save(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._files += 1
        name = f"azure-{self._began:%Y%m%dT%H%M%S%f}-{self._files:05}.json"
        self._recording.save(self._folder / name)
        self._recording = Recording()


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
