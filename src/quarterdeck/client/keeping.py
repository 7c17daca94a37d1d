"""Checkpoints kept by the application: what holds the trail to its past.

Whoever holds the keys of a log can sign it anew with another past. Only a checkpoint that was
kept elsewhere shows that; an application that sends events is elsewhere. What is needed to
prove one from another, the checkpoint and the hash tiles, is open to all.
"""

import fcntl
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import quote, unquote

import httpx2
import msgspec

from quarterdeck.client.spool import lockable
from quarterdeck.kernel.clock import utc_now
from quarterdeck.trail.export.verify import Wrong, head, note_parts, signed_by
from quarterdeck.trail.proof.tiles import HEIGHT, WIDTH, Malformed, Tile, root, unpack_hashes

LOOK_S, SOON_S = 60.0, 1.0
"""A log is looked at so often, while events are sent or the sender rests; and one that has no
checkpoint yet.
"""

LATE = timedelta(minutes=5)
"""What is not proven for so long is told as critical: who hides a fork need but withhold a tile."""

TRIES = 5
"""Other processes keep checkpoints in the same folder: so often one is held against theirs."""

NOTHING = 404
OUR_WORDS = "application/problem+json"
NO_LOG = "/problems/LogNotFound"

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

    Attributes:
        denied: by log, in which way the trail denies what was kept of it.
        unproven: by log, since when the trail does not prove its checkpoint.

    Raises:
        ValueError: ``key`` is none.
    """

    def __init__(self, folder: Path, key: str | None = None) -> None:
        if key is not None:
            _check(key)
        self._folder, self._key = folder, key
        self._due: dict[str, float] = {}
        self._told: set[str] = set()
        self.denied: dict[str, str] = {}
        self.unproven: dict[str, datetime] = {}

    def hear(self, logs: Iterable[str]) -> None:
        """Events went into these logs: they are kept from now on."""
        for log in logs:
            self._due.setdefault(log, 0.0)

    def beat(self, http: httpx2.Client) -> None:
        """Look at what is due; what is wrong is told as critical, and stays in ``denied``."""
        self.hear(self._kept())
        now = monotonic()
        for log in [log for log, due in list(self._due.items()) if due <= now]:
            self._due[log] = now + LOOK_S
            try:
                if not self.look(http, log):
                    self._due[log] = now + SOON_S
                self._proven(log)
            except PastDenied as denied:
                if log not in self.denied:
                    logger.critical("the trail of %s denies its past: %s", log, denied)
                self.denied[log] = f"{type(denied).__name__}: {denied}"
                self._proven(log)
            except (NotProven, httpx2.HTTPError, OSError) as error:
                self._not_proven(log, error)

    def _proven(self, log: str) -> None:
        self.unproven.pop(log, None)
        self._told.discard(log)

    def _not_proven(self, log: str, error: Exception) -> None:
        now = utc_now()
        since = self.unproven.setdefault(log, now)
        if now - since >= LATE and log not in self._told:
            logger.critical("the trail of %s is not proven since %s: %s", log, since, error)
            self._told.add(log)
        else:
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
        for _ in range(TRIES):
            kept = self._of(log)  # before the log is asked: what is kept later may be of later
            note = _got(http, f"{base}/checkpoint")
            if note is None and kept is None:
                return False
            if note is None:
                raise LogRolledBack(f"{log} has no checkpoint any more; one of it was kept")
            try:
                self._judge(note, kept, lambda path: _got(http, f"{base}/{path}"))
            except PastDenied as denied:
                with self._locked():
                    denied.evidence = self._written(f"{_name(log)}.denied", note)
                raise
            if self._replaced(log, kept, note):
                return True
        return True  # others kept as many meanwhile

    def _replaced(self, log: str, kept: bytes | None, note: bytes) -> bool:
        """Keep ``note`` in place of ``kept``; False: another process kept one meanwhile."""
        with self._locked():
            if self._of(log) != kept:
                return False
            if note != kept:
                self._written(_name(log), note)
        return True

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """No other thread or process keeps anything now. Never held over the network."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with lockable(self._folder / "lock") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _judge(self, note: bytes, kept: bytes | None, fetch: Callable[[str], bytes | None]) -> None:
        now = self._head(note, signed=True)
        then = None if kept is None else self._head(kept, signed=False)
        if then is not None and now.origin != then.origin:
            raise LogForked(f"it is the log {now.origin}, and {then.origin} was kept")
        if then is not None and now.size < then.size:
            raise LogRolledBack(f"it has {now.size} records, and {then.size} were seen")
        if then is not None and now.size == then.size and now.root != then.root:
            raise LogForked(f"it has two roots at {now.size} records")
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
    """What stands at ``path``; None: nothing does.

    Raises:
        NotProven: it is said that no such log is there, and not by the trail: a proxy that lost
            its way denies nobody's past.
    """
    answer = http.get(path)
    if answer.status_code == NOTHING:
        if path.endswith("/checkpoint") and not _says_no_log(answer):
            raise NotProven(f"{path}: 404, which is not the trail's own answer")
        return None
    answer.raise_for_status()
    return answer.content


def _says_no_log(answer: httpx2.Response) -> bool:
    if answer.headers.get("content-type", "").partition(";")[0].strip() != OUR_WORDS:
        return False
    try:
        problem = msgspec.json.decode(answer.content, type=dict[str, Any])
    except msgspec.DecodeError:
        return False
    return str(problem.get("type")).endswith(NO_LOG)


def _check(key: str) -> None:
    try:
        signed_by(key, "", ())
    except Wrong as wrong:
        raise ValueError(str(wrong)) from wrong
