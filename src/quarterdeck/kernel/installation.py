"""The data directory: where everything of one installation lies, for its owner alone.

quarterdeck.db       the database, where no other is set; -wal and -shm beside it
write.lock           whose turn it is to write to it
bulk.lock            whose turn it is among bulk writers
open.lock            whose turn it is to open it
up.lock              held while ``quarterdeck up`` runs
keys/                signing keys, wrapped tenant keys, ``secret``: back them up apart
first-token          the first admin's token, until it is used
backups/             copies made before migrations
bundles/             exports of logs
exports/             files of exports that are repeated
read/                read models of the logs, where the database is this directory's own;
                     made anew from them if lost
series/              samples of metrics, likewise; lost, they cannot be made anew
restarts/            processes that were started again, until that is told
metrics/             what each process that answers nobody counts
logs/                what each process said
trail/               the logs, where the database is this directory's own
worm/                sealed segments, where no bucket is set
workers.json         how many workers ``quarterdeck up`` is asked to keep
"""

import fcntl
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from stat import S_IMODE

from quarterdeck.kernel.errors import Conflict, Unavailable

PRIVATE_DIRECTORY, PRIVATE_FILE = 0o700, 0o600
OTHERS = 0o077
SECRET_BYTES = 32


class AlreadyRunning(Conflict):
    """Another ``quarterdeck up`` uses this data directory."""


class UnusableDirectory(Unavailable):
    """The data directory cannot be used as it is."""


class DatabaseLost(Unavailable):
    """The database is not there, though the installation has had one."""


@dataclass(frozen=True, slots=True)
class Installation:
    """Paths of one installation. Nothing is made before it is needed."""

    root: Path

    @property
    def database_url(self) -> str:
        """SQLite in this directory."""
        return f"sqlite:///{self.root / 'quarterdeck.db'}"

    @property
    def database(self) -> Path:
        """The file behind ``database_url``."""
        return self.root / "quarterdeck.db"

    @property
    def keys(self) -> Path:
        """Keys, and nothing else."""
        return self.root / "keys"

    @property
    def first_token(self) -> Path:
        """Where the first admin's token waits."""
        return self.root / "first-token"

    @property
    def trail(self) -> Path:
        """The logs' journal, tiles and disclosures."""
        return self.root / "trail"

    @property
    def read(self) -> Path:
        """The read models, which the logs can fill again."""
        return self.root / "read"

    @property
    def series(self) -> Path:
        """Samples of metrics, where the database is this directory's own."""
        return self.root / "series"

    @property
    def worm(self) -> Path:
        """Sealed segments, read-only, where no bucket is set."""
        return self.root / "worm"

    @property
    def bundles(self) -> Path:
        """Exports of logs."""
        return self.root / "bundles"

    @property
    def metrics(self) -> Path:
        """What each process that answers nobody counts."""
        return self.root / "metrics"

    @property
    def backups(self) -> Path:
        """Copies made before migrations."""
        return self.root / "backups"

    @property
    def exports(self) -> Path:
        """Files of exports that are repeated, in a folder for each."""
        return self.root / "exports"

    def prepare(self) -> None:
        """Make the directory, for its owner alone.

        Raises:
            UnusableDirectory: it cannot be made or written, or others may enter it.
        """
        for folder in (self.root, self.keys, self.backups, self.exports):
            make_private(folder)

    def secret(self) -> str:
        """The secret that signs cursors: 64 hexadecimal digits, made at first use.

        Raises:
            UnusableDirectory: its file holds something else.
        """
        path = self.keys / "secret"
        if not path.exists():
            _write_first(path, token_hex(SECRET_BYTES))
        try:
            return _of_digits(path.read_text().strip())
        except ValueError as error:
            raise UnusableDirectory(
                f"{path} is damaged: put it back from your backup, or remove it and a new one "
                "is made (pages that are being turned begin again)"
            ) from error

    def lock(self) -> int:
        """Hold the directory until this process ends; the descriptor that holds it.

        Raises:
            AlreadyRunning: another process holds it.
            UnusableDirectory: it is not there, or not ours.
        """
        try:
            held = os.open(self.root / "up.lock", os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
        except OSError as error:
            raise UnusableDirectory(f"{self.root} cannot be used: {error.strerror}") from error
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(held)
            raise AlreadyRunning(
                f"another quarterdeck runs on {self.root}; stop it, or give --data another folder"
            ) from error
        return held


def default_root(environment: Mapping[str, str], uid: int) -> Path:
    """Where data lies unless told: /var/lib/quarterdeck for root, else XDG's state folder."""
    if uid == 0:
        return Path("/var/lib/quarterdeck")
    state = environment.get("XDG_STATE_HOME") or str(Path.home() / ".local/state")
    return Path(state) / "quarterdeck"


def make_private(folder: Path) -> None:
    """Make ``folder`` with rights for its owner alone; refuse one that others may enter."""
    try:
        _make(folder)
        mode = S_IMODE(folder.stat().st_mode)
    except OSError as error:
        raise UnusableDirectory(f"{folder} cannot be used: {error.strerror}") from error
    if mode & OTHERS:
        raise UnusableDirectory(f"others may enter {folder}: run chmod 700 {folder}")
    if not os.access(folder, os.W_OK):
        raise UnusableDirectory(f"{folder} cannot be written: give it to the user who runs this")


def _make(folder: Path) -> None:
    # Python gives ``mode`` to the last of them alone: those above would be open to others.
    if not folder.parent.exists():
        _make(folder.parent)
    folder.mkdir(mode=PRIVATE_DIRECTORY, exist_ok=True)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read; it appears whole or not at all.

    Raises:
        UnusableDirectory: it cannot be written, or the disk is full.
    """
    _written(path, text).replace(path)


def _write_first(path: Path, text: str) -> None:
    """As ``write_private``, but of many who write at once only the first does."""
    part = _written(path, text)
    with suppress(FileExistsError):
        os.link(part, path)
    part.unlink()


def _of_digits(text: str) -> str:
    if len(bytes.fromhex(text)) != SECRET_BYTES:
        raise ValueError("too short or too long")
    return text


def _written(path: Path, text: str) -> Path:
    part = path.with_name(f".{path.name}.{token_hex(4)}")
    try:
        created = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
        with os.fdopen(created, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        part.unlink(missing_ok=True)
        raise UnusableDirectory(f"{path} cannot be written: {error.strerror}") from error
    return part
