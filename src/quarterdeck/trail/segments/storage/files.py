"""Segments in a folder: read-only files. No lock against the machine's owner."""

import os
from datetime import datetime
from pathlib import Path
from secrets import token_hex

from quarterdeck.kernel.installation import make_private
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

    def put(self, key: str, content: bytes, until: datetime) -> None:  # noqa: ARG002  no lock
        path = self._root / key
        try:
            make_private(path.parent)
            _write_first(path, content)
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


def _write_first(path: Path, content: bytes) -> None:
    if path.exists():
        return _refuse_other(path, content)
    draft = path.with_name(f".{token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, READ_ONLY)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(draft)  # fails where it exists: of two at once, one writes
    except FileExistsError:
        _refuse_other(path, content)
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return None


def _refuse_other(path: Path, content: bytes) -> None:
    if path.read_bytes() != content:
        raise StoreRefused(f"{path} holds something else; it is never written over")
