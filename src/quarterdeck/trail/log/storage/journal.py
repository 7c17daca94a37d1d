"""The journal in files: one framed write and one fdatasync for each group.

Held by one process at a time, by a lock on a file that the kernel lets go when the process
dies. Each holder writes under an epoch of its own.
"""

import errno
import fcntl
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import structlog

from quarterdeck.kernel.installation import PRIVATE_FILE, make_private
from quarterdeck.trail.log.model import (
    Appended,
    JournalClosed,
    JournalFull,
    JournalHeld,
    Known,
    Prepared,
)
from quarterdeck.trail.log.place import refuse_network
from quarterdeck.trail.log.storage import frames, recovery
from quarterdeck.trail.log.storage.durable import Durable
from quarterdeck.trail.log.storage.segments import sync_folder
from quarterdeck.trail.log.storage.tags import Tags
from quarterdeck.trail.log.tag_key import key_of

FILE_BYTES = 128 << 20
FILE_S = 24 * 3600.0
"""After which a new file is begun: only what stands in no journal file can be purged."""

LOOK_S = 0.25
"""After which the disk is asked again what is free: less than the reserve is written meanwhile."""

RETRY_S = 10.0
"""After which another file is tried again, where tags could not be written."""

ROOM_BYTES = 8 << 20
"""Written ahead with zeros, so that a sync of what is written there has no new place to record:
otherwise it waits for all that the integrator wrote meanwhile (ext4, ``data=ordered``)."""

RESERVE_BYTES = 256 << 20
"""Room that must stay on the disk: for the database, and for tiles of what is appended."""

log = structlog.get_logger("journal")


class FileJournal:
    """A Journal (see ``ports``) in a folder."""

    def __init__(
        self,
        folder: Path,
        *,
        file_bytes: int = FILE_BYTES,
        file_s: float = FILE_S,
        reserve_bytes: int = RESERVE_BYTES,
        room_bytes: int = ROOM_BYTES,
    ) -> None:
        """Take the journal in ``folder``, made if it is not there, and mend its torn end.

        Raises:
            JournalHeld: another process has it.
            LogDamaged: what was durable once is damaged; nothing was changed.
            UnusableDirectory: the folder cannot be used, or is on a network file system.
        """
        make_private(folder)
        refuse_network(folder)
        self._folder, self._file_bytes, self._reserve = folder, file_bytes, reserve_bytes
        self._file_s, self._begun, self._flush_from = file_s, time.monotonic(), 0.0
        self._room_bytes, self._room, self._roomy_until = room_bytes, 0, 0.0
        self._lock = _hold(folder)
        self._fd, self._broken = -1, ""
        self._tags = Tags(folder / "tags")
        try:
            self._durable = Durable(folder)
            found = recovery.recover(folder, self._durable.get())
            self._epoch, self._sizes = found.epoch + 1, found.sizes
            self._tags.add({key_of(log)(tag): known for log, tag, known in found.tags})
            self._tags.spill()
            self._open(found.number, found.end)
        except BaseException:  # also a stop: nobody else could open the folder that stays locked
            self.close()
            raise

    @property
    def sizes(self) -> dict[str, int]:
        """Leaves of each log."""
        return dict(self._sizes)

    def append(self, group: Sequence[Prepared]) -> list[Appended]:
        if self._fd < 0:
            raise JournalClosed(self._broken or "this journal is closed")
        self._refuse_full()
        answers, fresh, used = self._sorted_out(group)
        if fresh:
            self._write([(log, self._sizes.get(log, 0), of) for log, of in fresh.items()])
            for log, of in fresh.items():
                self._sizes[log] = self._sizes.get(log, 0) + len(of)
            self._tags.add(used)
            self._roll()
        return answers

    def known(self, log: str, tags: Sequence[bytes]) -> dict[bytes, Known]:
        """Those of ``tags`` that were used in the log."""
        keys = key_of(log)
        by_key = {keys(tag): tag for tag in tags}
        return {by_key[key]: known for key, known in self._tags.find(by_key).items()}

    def close(self) -> None:
        if self._fd >= 0:
            if not self._broken:
                with suppress(OSError):  # who opens it next does the same
                    os.ftruncate(self._fd, self._end)
            os.close(self._fd)
            self._fd = -1
        self._tags.settle()  # what it could not write stands in the last file, and is read again
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _sorted_out(
        self, group: Sequence[Prepared]
    ) -> tuple[list[Appended], dict[str, list[Prepared]], dict[bytes, Known]]:
        keys = self._keys_of(group)
        known = self._tags.find(keys)
        answers: list[Appended] = []
        fresh: dict[str, list[Prepared]] = {}
        used: dict[bytes, Known] = {}
        for one, key in zip(group, keys, strict=True):
            before = known.get(key) or used.get(key)
            if before is not None:
                answers.append(Appended(before.index, b"", before))
                continue
            mine = fresh.setdefault(one.log, [])
            index = self._sizes.get(one.log, 0) + len(mine)
            mine.append(one)
            used[key] = Known(index, one.digest[:16])
            answers.append(Appended(index, one.hash))
        return answers, fresh, used

    def _keys_of(self, group: Sequence[Prepared]) -> list[bytes]:
        makers = {log: key_of(log) for log in {one.log for one in group}}
        return [makers[one.log](one.tag) for one in group]

    def _write(self, fresh: Sequence[tuple[str, int, list[Prepared]]]) -> None:
        parts = [(log, start, frames.part_of(of)) for log, start, of in fresh]
        framed = frames.frame(self._epoch, parts)
        try:
            self._make_room(len(framed))
            _write_whole(self._fd, framed)
        except OSError as error:
            self._take_back(error)
        try:
            os.fdatasync(self._fd)
        except OSError as error:
            # What the disk has is not known any more, and asking again lies (fsync reports
            # an error once): only reading anew, by the next who opens, tells.
            self._give_up(error)
        self._end += len(framed)
        self._durable.put(self._number, self._end)

    def _make_room(self, needed: int) -> None:
        """Have zeros stand where the next groups will; synced with the first of them."""
        if not self._room_bytes or self._end + needed <= self._room:
            return
        size = min(needed + self._room_bytes, max(needed, self._file_bytes - self._end))
        written = os.pwrite(self._fd, bytes(size), self._end)
        self._room = self._end + written

    def _take_back(self, error: OSError) -> None:
        self._room = 0
        try:
            os.ftruncate(self._fd, self._end)
            os.lseek(self._fd, self._end, os.SEEK_SET)
        except OSError as worse:
            self._give_up(worse)
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise JournalFull(f"the disk under {self._folder} is full: make room") from error
        self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self._broken = (
            f"the disk under {self._folder} failed: {error.strerror}; see to it, then restart"
        )
        self.close()
        raise JournalClosed(self._broken) from error

    def _refuse_full(self) -> None:
        now = time.monotonic()
        if now < self._roomy_until:
            return
        disk = os.fstatvfs(self._fd)
        if disk.f_bavail * disk.f_frsize < self._reserve:
            raise JournalFull(
                f"less than {self._reserve >> 20} MiB are free under {self._folder}: make room",
                retry_after_s=10,
            )
        self._roomy_until = now + LOOK_S

    def _roll(self) -> None:
        now = time.monotonic()
        if self._end < self._file_bytes and now - self._begun < self._file_s:
            self._tags.spill()
        elif now >= self._flush_from and self._flushed(now):
            try:
                self._begin_another()
            except OSError as error:
                self._give_up(error)

    def _flushed(self, now: float) -> bool:
        """Whether every tag is in a segment. Where not, nothing is lost: the file goes on."""
        try:
            self._tags.flush()
        except OSError as error:
            log.warning("tags stay in memory, the journal in its file", why=str(error))
            self._flush_from = now + RETRY_S
            return False
        return True

    def _begin_another(self) -> None:
        # Only the last file may go on after its last frame.
        os.ftruncate(self._fd, self._end)
        os.fsync(self._fd)
        # Its number may be another file's before the next one is open.
        done, self._fd = self._fd, -1
        os.close(done)
        self._open(self._number + 1, 0)

    def _open(self, number: int, end: int) -> None:
        path = self._folder / recovery.name_of(number)
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
        self._number, self._end, self._begun, self._room = number, end, time.monotonic(), 0
        os.ftruncate(self._fd, end)
        os.lseek(self._fd, end, os.SEEK_SET)
        if not end:
            heading = frames.heading(self._epoch, sorted(self._sizes.items()))
            _write_whole(self._fd, heading)
            self._end = len(heading)
        os.fsync(self._fd)
        sync_folder(self._folder)
        self._durable.put(self._number, self._end)


def _hold(folder: Path) -> int:
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise JournalHeld(f"another process appends to {folder}") from error
    return lock


def _write_whole(fd: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(fd, rest) :]
