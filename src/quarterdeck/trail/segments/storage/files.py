"""Segments in a folder: read-only files. No lock against the machine's owner."""

import os
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

from quarterdeck.kernel.checks import writable
from quarterdeck.kernel.health import CheckFailed
from quarterdeck.kernel.installation import UnusableDirectory, make_private
from quarterdeck.trail.log.storage.segments import sync_folder
from quarterdeck.trail.segments.model import StoreRefused, StoreUnavailable

READ_ONLY = 0o400


class FileSegments:
    """A SegmentStore (see ``ports``) in a folder."""

    label = (
        "read-only files on this machine: they stop mistakes, not whoever owns the machine; "
        "set worm to a bucket with Object Lock for more"
    )

    def __init__(self, root: Path) -> None:
        self._root = root

    def check(self) -> str:
        try:
            make_private(self._root)
            return writable(self._root)
        except (CheckFailed, UnusableDirectory) as error:
            raise StoreUnavailable(str(error)) from error

    def put(self, key: str, content: bytes, until: datetime) -> None:
        path = self._root / key
        try:
            make_private(path.parent)
            _write_first(path, content, until)
        except OSError as error:
            raise StoreUnavailable(f"{path} cannot be written: {error.strerror}") from error

    def locked_until(self, key: str) -> datetime | None:
        path = self._root / key
        try:
            return datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreUnavailable(f"{path} cannot be read: {error.strerror}") from error

    def replace(self, key: str, content: bytes, now: datetime) -> None:
        path, until = self._root / key, self.locked_until(key)
        if until is None or until > now:
            raise StoreRefused(
                f"{path} is {'locked until ' + str(until) if until else 'not there'}"
            )
        if self.get(key) == content:
            return
        try:
            draft = _draft(path, content, until)
            draft.replace(path)
            sync_folder(path.parent)
        except OSError as error:
            raise StoreUnavailable(f"{path} cannot be written: {error.strerror}") from error

    def get(self, key: str) -> bytes | None:
        path = self._root / key
        try:
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            raise StoreUnavailable(f"{path} cannot be read: {error.strerror}") from error


def _write_first(path: Path, content: bytes, until: datetime) -> None:
    if path.exists():
        return _refuse_other(path, content)
    draft = _draft(path, content, until)
    try:
        path.hardlink_to(draft)  # fails where it exists: of two at once, one writes
    except FileExistsError:
        _refuse_other(path, content)
    finally:
        draft.unlink()
    sync_folder(path.parent)
    return None


def _draft(path: Path, content: bytes, until: datetime) -> Path:
    """A file beside it; as other stores of its kind do, it bears its lock as its time."""
    draft = path.with_name(f".{token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, READ_ONLY)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.utime(file.fileno(), (until.timestamp(), until.timestamp()))
        os.fsync(file.fileno())
    return draft


def _refuse_other(path: Path, content: bytes) -> None:
    if path.read_bytes() != content:
        raise StoreRefused(f"{path} holds something else; it is never written over")
