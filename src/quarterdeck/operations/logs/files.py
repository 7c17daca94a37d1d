"""Logs as files: JSON lines, a file a process, rotated by size, the oldest dropped.

A process holds a lock on the file that it writes, so nobody drops what is still written to.
"""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from heapq import nlargest
from pathlib import Path
from secrets import token_hex
from typing import Any, BinaryIO

import msgspec
from prometheus_client import Counter
from typing_extensions import override

from quarterdeck.operations.logs.model.entry import Asked, Entry, entry_of

SUFFIX = ".jsonl"
FILE_BYTES = 8_000_000
LONGEST_LINE = 65_536
LATE = timedelta(seconds=5)  # a line is written a moment after the time that it bears
LOST = Counter("quarterdeck_log_lines_lost_total", "Lines of logs that could not be written.")


class LogFile(logging.Handler):
    """Writes what this process says; a line that cannot be written is counted, and lost.

    Attributes:
        most_bytes: of one file; then the next begins.
    """

    def __init__(self, folder: Path, service: str, most_bytes: int = FILE_BYTES) -> None:
        super().__init__()
        self.folder, self.most_bytes = folder, most_bytes
        # A process id comes again; what an earlier process wrote is not to be written on.
        self._named = f"{service}-{os.getpid()}-{token_hex(4)}"
        self._number = 0
        self._file: BinaryIO | None = None
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @override
    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._write(self.format(record).encode(errors="replace"))
        except (OSError, ValueError, TypeError):
            LOST.inc()

    @override
    def close(self) -> None:
        self.acquire()
        try:
            self._end()
        finally:
            self.release()
        super().close()

    def _write(self, line: bytes) -> None:
        if len(line) > LONGEST_LINE:
            LOST.inc()
            return
        if self._file is None or self._file.tell() + len(line) > self.most_bytes:
            self._begin()
        if self._file is not None:
            self._file.write(line + b"\n")
            self._file.flush()

    def _begin(self) -> None:
        self._end()
        self._number += 1
        path = self.folder / f"{self._named}-{self._number:06}{SUFFIX}"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._file = os.fdopen(descriptor, "ab")

    def _end(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def newest(folder: Path | None, asked: Asked, limit: int) -> list[Entry]:
    """The newest ``limit`` lines that are asked for, oldest first."""
    found = (entry for entry in entries(folder, asked) if asked.wants(entry))
    return nlargest(limit, found, key=lambda entry: entry.at)[::-1]


def entries(folder: Path | None, asked: Asked) -> Iterator[Entry]:
    """Every line of the files that may hold what is asked for, in no order."""
    for path, stat in _standing(folder):
        if stat.st_mtime + LATE.total_seconds() >= asked.since.timestamp():
            with suppress(FileNotFoundError):  # dropped since it was listed
                yield from _lines(path)


def drop(folder: Path | None, most_bytes: int) -> int:
    """Drop the oldest files until no more than ``most_bytes`` are kept; how many files.

    Those that a process writes to are never dropped.
    """
    files = _standing(folder)
    total, dropped = sum(stat.st_size for _, stat in files), 0
    for path, stat in files:
        if total <= most_bytes:
            break
        if _is_written(path):
            continue
        path.unlink(missing_ok=True)
        total, dropped = total - stat.st_size, dropped + 1
    return dropped


def _standing(folder: Path | None) -> list[tuple[Path, os.stat_result]]:
    """The files, oldest first. Every process drops: one may be gone since it was listed."""
    if folder is None or not folder.is_dir():
        return []
    found = []
    for path in folder.iterdir():
        if path.suffix == SUFFIX:
            with suppress(FileNotFoundError):
                found.append((path, path.stat()))
    return sorted(found, key=lambda one: (one[1].st_mtime_ns, one[0].name))


def _is_written(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def _lines(path: Path) -> Iterator[Entry]:
    decoder = msgspec.json.Decoder(dict[str, Any])
    with path.open("rb") as file:
        for line in file:
            try:
                entry = entry_of(decoder.decode(line))
            except msgspec.DecodeError:  # a line that is being written, or was cut short
                continue
            if entry is not None:
                yield entry
