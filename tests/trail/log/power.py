"""A disk whose power may be cut: what was not synced is gone, torn, or there, as it likes.

It watches the calls by which a process makes things durable, and keeps for each moment what a
disk must still have then. Names count as durable once their folder was synced (POSIX asks no
less), bytes once their file was. SQLite syncs by itself: its database is taken as it stands.
"""

import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from stat import S_ISDIR
from typing import Any

import pytest
from sqlalchemy import Engine

CALLS = (
    *("fsync", "fdatasync", "replace", "rename", "unlink"),
    *("write", "pwrite", "ftruncate", "truncate"),
)
SYNCS = ("fsync", "fdatasync")
WORD, BLOCK = 8, 512
Inode = int


@dataclass(frozen=True, slots=True)
class Moment:
    """What stood where, just before a call.

    Attributes:
        call: its name.
        names: durable names, by folder: inode by name.
        bytes_of: durable content, by inode.
        folder: everything, synced or not: content by path.
        database: what SQLite held.
        acknowledged: what had been promised by then.
    """

    call: str
    names: dict[str, dict[str, Inode]]
    bytes_of: dict[Inode, bytes]
    folder: dict[str, tuple[Inode, bytes]]
    database: bytes
    acknowledged: Any


@dataclass
class Disk:
    """A folder under watch."""

    root: Path
    database: Engine
    promised: Callable[[], Any]
    moments: list[Moment] = field(default_factory=list)
    _names: dict[str, dict[str, Inode]] = field(default_factory=dict)
    _bytes: dict[Inode, bytes] = field(default_factory=dict)
    _held: dict[Inode, int] = field(default_factory=dict)
    """Open as long as it is watched: no other file gets its number meanwhile."""

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        """From now on, each call is a moment at which the power may be cut."""
        for path in (self.root, *self.root.rglob("*")):
            if path.is_dir() or path.is_file():
                handle = os.open(path, os.O_RDONLY)
                self._synced(handle, path)
                os.close(handle)
        for name in CALLS:
            patch.setattr(os, name, self._watched(name, getattr(os, name)))

    def _watched(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **more: Any) -> Any:  # noqa: ANN401  as os has it
            about = arguments[0]
            path = str(
                Path(f"/proc/self/fd/{about}").readlink() if isinstance(about, int) else about
            )
            if not path.startswith(str(self.root)):
                return real(*arguments, **more)
            self._take(name)
            found = real(*arguments, **more)
            if name in SYNCS:
                self._synced(about, Path(path))
            return found

        return call

    def close(self) -> None:
        """Watch no more."""
        for handle in self._held.values():
            os.close(handle)
        self._held.clear()

    def _take(self, call: str) -> None:
        self.moments.append(
            Moment(
                call,
                {folder: dict(names) for folder, names in self._names.items()},
                dict(self._bytes),
                everything(self.root),
                serialized(self.database),
                self.promised(),
            )
        )

    def _synced(self, handle: int, path: Path) -> None:
        there = os.fstat(handle)
        self._held.setdefault(there.st_ino, os.dup(handle))
        if S_ISDIR(there.st_mode):
            here = {one.name: one.stat().st_ino for one in path.iterdir()}
            for names in self._names.values():  # a rename is one step: its old name goes with it
                for name in [name for name, inode in names.items() if inode in here.values()]:
                    del names[name]
            self._names[str(path)] = here
        elif path.exists():
            self._bytes[there.st_ino] = path.read_bytes()


def everything(root: Path) -> dict[str, tuple[Inode, bytes]]:
    return {
        str(path): (path.stat().st_ino, path.read_bytes())
        for path in root.rglob("*")
        if path.is_file() and not path.is_socket()
    }


def serialized(engine: Engine) -> bytes:
    """By the library that the engine uses: another one in one process would undo its locks."""
    sqlite: Any = engine.dialect.loaded_dbapi
    here = Path(engine.url.database or "")
    copy = here.with_name("copy")
    with closing(sqlite.connect(here)) as db, closing(sqlite.connect(copy)) as to:
        db.backup(to)
    found = copy.read_bytes()
    copy.unlink()
    return found


def killed(moment: Moment, root: Path, to: Path) -> None:
    """What a process that was killed leaves: everything that it wrote."""
    for path, (_, content) in moment.folder.items():
        put(to / Path(path).relative_to(root), content)


def cut(moment: Moment, root: Path, to: Path, luck: Random) -> None:
    """What a power cut leaves: what was synced, and of the rest whatever ``luck`` lets be.

    A rename happened or did not: one of both names is there, and never none.
    """
    now = {inode: path for path, (inode, _) in moment.folder.items()}
    was = {
        inode: f"{folder}/{name}"
        for folder, names in moment.names.items()
        for name, inode in names.items()
    }
    left: dict[str, Inode] = {}
    for inode in sorted({*now, *was}, key=lambda inode: (was.get(inode, ""), now.get(inode, ""))):
        path = _left(now.get(inode, ""), was.get(inode, ""), luck)
        if path:
            left[path] = inode
    for inode, path in was.items():  # what was to take its name did not
        if path in moment.folder:
            left.setdefault(path, inode)
    for path, inode in left.items():
        written = moment.folder[now[inode]][1] if inode in now else moment.bytes_of.get(inode)
        if written is not None:
            content = torn(moment.bytes_of.get(inode, b""), written, luck)
            put(to / Path(path).relative_to(root), content)


def _left(now: str, was: str, luck: Random) -> str:
    """Which name a file has afterwards; empty: none."""
    if now and was:
        return luck.choice([now, was])
    return luck.choice([now or was, ""])


def torn(synced: bytes, written: bytes, luck: Random) -> bytes:
    """Bytes of a file: at least what was synced, where it only grew since; of what was written
    over other bytes, some blocks.

    A word that is mapped reaches the disk whole, or not at all.
    """
    if len(written) == WORD:
        return luck.choice([b"", bytes(WORD), written])
    if len(written) < len(synced):
        return luck.choice([synced, written])
    rest = written[len(synced) :]
    kept = rest[: luck.randint(0, len(rest))]
    lost = len(rest) - len(kept)
    return (
        _mixed(synced, written[: len(synced)], luck)
        + kept
        + luck.choice([b"", bytes(lost), luck.randbytes(lost)])
    )


def _mixed(synced: bytes, written: bytes, luck: Random) -> bytes:
    """Each block is the one before, or the new one."""
    if synced == written:
        return written
    both = (
        (synced[at : at + BLOCK], written[at : at + BLOCK]) for at in range(0, len(synced), BLOCK)
    )
    return b"".join(map(luck.choice, both))


def put(path: Path, content: bytes) -> None:
    for folder in reversed(path.parents):
        if not folder.exists():
            folder.mkdir(mode=0o700)
    path.write_bytes(content)
