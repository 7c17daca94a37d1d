"""Checkpoints kept by the application: what holds the trail to its past.

Whoever holds the keys of a log can sign it anew with another past. Only a checkpoint that was
kept elsewhere shows that; an application that sends events is elsewhere. What is needed to
prove one from another, the checkpoint and the hash tiles, is open to all.
"""

import logging
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from time import monotonic
from urllib.parse import quote, unquote

import httpx2

from quarterdeck.trail.export.verify import Wrong, head, note_parts, signed_by
from quarterdeck.trail.proof.tiles import HEIGHT, WIDTH, Malformed, Tile, root, unpack_hashes

LOOK_S, SOON_S = 60.0, 1.0
"""A log is looked at so often, while events are sent or the sender rests; and one that has no
checkpoint yet.
"""

NOTHING = 404

logger = logging.getLogger("quarterdeck.client")


class PastDenied(Exception):
    """The trail does not own up to what it signed before; ``evidence`` is where both stand."""

    def __init__(self, message: str, evidence: Path | None = None) -> None:
        super().__init__(message)
        self.evidence = evidence


class LogRolledBack(PastDenied):
    """The log is shorter than a checkpoint that was kept of it."""


class LogForked(PastDenied):
    """The log does not begin with the one that a kept checkpoint is of."""


class SignerUnknown(PastDenied):
    """The checkpoint is not signed by the key that was given."""


class NotProven(Exception):
    """The trail does not give what would prove its checkpoint; nothing is said of its past."""


@dataclass(frozen=True, slots=True)
class _Head:
    origin: str
    size: int
    root: bytes


class Keeper:
    """Keeps the newest checkpoint of each log, in a folder of the application's own.

    Args:
        key: ``name+hash+key`` of the log, from whoever runs the trail; without it, a past is
            held against what was kept, whoever signed it.
    """

    def __init__(self, folder: Path, key: str | None = None) -> None:
        self._folder, self._key = folder, key
        self._due: dict[str, float] = {}
        self._lock = Lock()
        self.denied: dict[str, str] = {}

    def hear(self, logs: Iterable[str]) -> None:
        """Events went into these logs: they are kept from now on."""
        for log in logs:
            self._due.setdefault(log, 0.0)

    def beat(self, http: httpx2.Client) -> None:
        """Look at what is due; what is wrong is told as critical, and stays in ``denied``."""
        self.hear(self._kept())
        now = monotonic()
        for log in [log for log, due in self._due.items() if due <= now]:
            self._due[log] = now + LOOK_S
            try:
                if not self.look(http, log):
                    self._due[log] = now + SOON_S
            except PastDenied as denied:
                if log not in self.denied:
                    logger.critical("the trail of %s denies its past: %s", log, denied)
                self.denied[log] = f"{type(denied).__name__}: {denied}"
            except (NotProven, httpx2.HTTPError, OSError) as error:
                logger.warning("the checkpoint of %s was not kept: %s", log, error)

    def look_at_all(self, http: httpx2.Client) -> None:
        """Look at every log that is kept, now.

        Raises:
            PastDenied: of the first that does; LogRolledBack, LogForked or SignerUnknown.
            NotProven: the trail does not give what would prove it.
        """
        self.hear(self._kept())
        for log in list(self._due):
            self.look(http, log)

    def look(self, http: httpx2.Client, log: str) -> bool:
        """Hold the log against the checkpoint that was kept, and keep its newest; False: none is.

        A checkpoint that contradicts the kept one is put beside it, and the kept one stays.
        """
        base = f"/api/v1/trail/logs/{quote(log, safe='')}"
        note = _got(http, f"{base}/checkpoint")
        if note is None:
            if self._path(log).exists():
                raise LogRolledBack(f"{log} has no checkpoint any more; one of it was kept")
            return False
        with self._lock:
            kept = self._of(log)
            try:
                self._judge(note, kept, lambda path: _got(http, f"{base}/{path}"))
            except PastDenied as denied:
                denied.evidence = self._written(f"{_name(log)}.denied", note)
                raise
            if note != kept:
                self._written(_name(log), note)
        return True

    def _judge(self, note: bytes, kept: bytes | None, fetch: Callable[[str], bytes | None]) -> None:
        now = self._head(note, signed=True)
        then = None if kept is None else self._head(kept, signed=False)
        if then is not None and now.origin != then.origin:
            raise LogForked(f"it is the log {now.origin}, and {then.origin} was kept")
        if then is not None and now.size < then.size:
            raise LogRolledBack(f"it has {now.size} records, and {then.size} were seen")
        read = _Tiles(fetch, now.size)
        if root(read, now.size) != now.root:
            raise NotProven("its tiles do not lead to its checkpoint")
        if then is not None and root(read, then.size) != then.root:
            raise LogForked(f"its first {then.size} records are not those that were seen")

    def _head(self, note: bytes, *, signed: bool) -> _Head:
        try:
            text, signatures = note_parts(note, "checkpoint")
            found = _Head(*head(text, "checkpoint"))
            known = not (signed and self._key) or signed_by(str(self._key), text, signatures)
        except Wrong as wrong:
            raise NotProven(str(wrong)) from wrong
        if not known:
            raise SignerUnknown(f"its checkpoint is not signed by {self._key}")
        return found

    def _kept(self) -> list[str]:
        found = self._folder.glob("*.checkpoint") if self._folder.is_dir() else ()
        return [unquote(path.stem) for path in found]

    def _of(self, log: str) -> bytes | None:
        try:
            return self._path(log).read_bytes()
        except FileNotFoundError:
            return None

    def _path(self, log: str) -> Path:
        return self._folder / _name(log)

    def _written(self, name: str, note: bytes) -> Path:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / name
        draft = path.with_name(f"{name}.{os.getpid()}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(note)
            os.fsync(file.fileno())
        return draft.replace(path)


class _Tiles:
    """The hashes of a log of one size, read by tiles (c2sp.org/tlog-tiles)."""

    def __init__(self, fetch: Callable[[str], bytes | None], size: int) -> None:
        self._fetch, self._size = fetch, size
        self._read: dict[tuple[int, int], list[bytes]] = {}

    def __call__(self, level: int, start: int, count: int) -> Sequence[bytes]:
        index = start // WIDTH
        if (level, index) not in self._read:
            self._read[level, index] = self._tile(level, index)
        return self._read[level, index][start % WIDTH : start % WIDTH + count]

    def _tile(self, level: int, index: int) -> list[bytes]:
        width = min(WIDTH, (self._size >> HEIGHT * level) - index * WIDTH)
        tile = Tile(level, index, width)
        found = self._fetch(tile.path)
        if found is None and width < WIDTH:
            found = self._fetch(tile.full.path)  # it grew full, and is served as such alone
        if found is None:
            raise NotProven(f"it does not give {tile.path}")
        try:
            return unpack_hashes(found, width)
        except Malformed as error:
            raise NotProven(f"{tile.path}: {error}") from error


def _name(log: str) -> str:
    return f"{quote(log, safe='')}.checkpoint"


def _got(http: httpx2.Client, path: str) -> bytes | None:
    """What stands at ``path``; None: nothing does."""
    answer = http.get(path)
    if answer.status_code == NOTHING:
        return None
    answer.raise_for_status()
    return answer.content
