"""Key files: one JSON object each, 0600 in a folder of 0700, with a check of its own."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from stat import S_IMODE

import orjson

from quarterdeck.trail.keys.model import KeyUnusable

FORMAT = 1
DRAFT_BYTES = 8
OTHERS = 0o077

Fields = dict[str, str | int]


def make_folder(folder: Path) -> None:
    """Make ``folder``, for its owner alone; raise KeyUnusable if others can enter it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _refuse_others(folder, "700")


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep all others out who change ``folder``: threads, and processes of this machine."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)  # and so lets go


def create(path: Path, fields: Fields) -> bool:
    """Write a key file, whole and durable, unless it is there; whether it was written."""
    draft = _draft(path)
    _write(draft, _encoded(fields))
    try:
        path.hardlink_to(draft)  # fails where it exists: two processes make one key
    except FileExistsError:
        return False
    finally:
        draft.unlink()
        _sync(path.parent)
    return True


def replace(path: Path, content: bytes) -> None:
    """Put ``content`` in place of ``path``, whole and durable."""
    draft = _draft(path)
    _write(draft, content)
    draft.replace(path)
    _sync(path.parent)


def rewrite(folder: Path, changed: Mapping[Path, Fields]) -> None:
    """Put other fields into key files of ``folder``; their age stays, for that is the keys'.

    At each moment every file is whole, as it was or as it shall be. All are written before
    the first is synced: the disk then has to turn to them once, and not a thousand times.
    """
    drafts = {path: _draft(path) for path in changed}
    try:
        for path, draft in drafts.items():
            _write(draft, _encoded(changed[path]), sync=False)
        for draft in drafts.values():
            _sync(draft)
        for path, draft in drafts.items():
            take_place(draft, path)
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
        _sync(folder)


def take_place(draft: Path, path: Path) -> None:
    """Put ``draft`` in place of ``path``, as old as that was."""
    before = path.stat()
    os.utime(draft, ns=(before.st_atime_ns, before.st_mtime_ns))
    draft.replace(path)


def put(path: Path, fields: Fields) -> None:
    """Write a key file, whole and durable, over one that may be there."""
    replace(path, _encoded(fields))


def remove(path: Path) -> None:
    """Remove a key file, durably."""
    path.unlink()
    _sync(path.parent)


def clear_drafts(folder: Path, holding: bytes) -> None:
    """Remove what a crash left half written, if ``holding`` stands in it; call it ``held``."""
    for draft in folder.glob("." + "[0-9a-f]" * 2 * DRAFT_BYTES):
        if holding in draft.read_bytes():
            draft.unlink()
    _sync(folder)


def load(path: Path) -> Fields:
    """The fields of a key file.

    Raises:
        FileNotFoundError: it is not there.
        KeyUnusable: it is damaged, or others can read it; says which file and what to do.
    """
    _refuse_others(path, "600")
    return parse(path.read_bytes(), str(path))


def parse(content: bytes, name: str) -> Fields:
    """The fields in the bytes of a key file; raise KeyUnusable if they are not as written."""
    try:
        fields = json.loads(content)
    except ValueError:
        fields = None
    if not isinstance(fields, dict) or fields != _checked(fields):
        raise KeyUnusable(
            f"the key file {name} is damaged; put it back from your key backup "
            "(quarterdeck keys restore), do not delete it"
        )
    return fields


def _draft(path: Path) -> Path:
    return path.with_name(f".{token_hex(DRAFT_BYTES)}")


def _encoded(fields: Fields) -> bytes:
    return orjson.dumps(_checked(fields), option=orjson.OPT_SORT_KEYS)


def _checked(fields: Fields) -> Fields:
    rest = {name: value for name, value in fields.items() if name != "check"} | {"format": FORMAT}
    check = sha256(orjson.dumps(rest, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return rest | {"check": check}


def _refuse_others(path: Path, mode: str) -> None:
    if S_IMODE(path.stat().st_mode) & OTHERS:
        raise KeyUnusable(f"others can read {path}; run: chmod {mode} {path}")


def _write(path: Path, content: bytes, *, sync: bool = True) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        if sync:
            os.fsync(file.fileno())


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
