"""Drafts handed to the process that holds the journal, over a Unix socket.

A message is its length (4 bytes) and MessagePack: a list of drafts there, an answer back. A
caller whose connection breaks does not know what became of its drafts: it sends them again,
and their tags make each one leaf.
"""

import asyncio
import os
import socket
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Lock, Thread

import msgspec

from quarterdeck.kernel.errors import QuarterdeckError, Unavailable
from quarterdeck.kernel.installation import PRIVATE_FILE
from quarterdeck.trail.log.model import (
    Appended,
    JournalClosed,
    JournalFull,
    Known,
    LogNotFound,
    Prepared,
    QueueFull,
)

LENGTH = struct.Struct("<I")
MOST_BYTES = 256 << 20
ANSWER_S = 30.0
ERRORS: Mapping[str, type[QuarterdeckError]] = {
    kind.__name__: kind for kind in (QueueFull, JournalFull, JournalClosed, LogNotFound)
}


class Asked(msgspec.Struct, array_like=True, frozen=True):
    """What a caller wants: drafts appended, or tags looked up, or the journal let go."""

    drafts: list[Prepared] = []
    log: str = ""
    tags: list[bytes] = []
    release: bool = False


class Told(msgspec.Struct, array_like=True, frozen=True):
    """The answer. ``error`` names what was raised; empty: nothing was."""

    appended: list[Appended] = []
    known: dict[bytes, Known] = {}
    error: str = ""
    words: str = ""


_encoder = msgspec.msgpack.Encoder()
_asked = msgspec.msgpack.Decoder(Asked)
_told = msgspec.msgpack.Decoder(Told)


class NobodyHears(Unavailable):
    """No process holds the journal now."""


class RemoteSequencer:
    """A Sequencer (see ``ports``) that is another process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._socket: socket.socket | None = None

    def append(self, drafts: Sequence[Prepared]) -> list[Appended]:
        return self._ask(Asked(drafts=list(drafts))).appended if drafts else []

    async def enqueue(self, drafts: Sequence[Prepared]) -> list[Appended]:
        return await asyncio.to_thread(self.append, drafts)

    def known(self, log: str, tags: Sequence[bytes]) -> Mapping[bytes, Known]:
        return self._ask(Asked(log=log, tags=list(tags))).known

    def release(self) -> None:
        """Ask who holds the journal to let go of it, if it only stands in."""
        self._ask(Asked(release=True))

    def close(self) -> None:
        with self._lock:
            self._drop()

    def _ask(self, asked: Asked) -> Told:
        with self._lock:
            try:
                told = self._exchange(asked)
            except (OSError, msgspec.MsgspecError) as error:
                self._drop()
                raise NobodyHears("the process that appends to the log does not answer") from error
        if told.error:
            raise ERRORS.get(told.error, Unavailable)(told.words)
        return told

    def _exchange(self, asked: Asked) -> Told:
        # A connection may have outlived who was at its other end.
        again = self._socket is not None
        try:
            return self._once(asked)
        except (OSError, msgspec.MsgspecError):
            self._drop()
            if not again:
                raise
            return self._once(asked)

    def _once(self, asked: Asked) -> Told:
        if self._socket is None:
            self._socket = _connected(self._path)
        _send(self._socket, asked)
        return _told.decode(_receive(self._socket))

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class Hearing:
    """Answers other processes, from a socket in the trail's folder, until closed."""

    def __init__(self, path: Path, answer: Callable[[Asked], Told]) -> None:
        self._answer, self._path = answer, path
        self._listening = _bound(path)
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        self._closed = Event()
        self._thread = Thread(target=self._run, name="handover", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Hear nobody any more."""
        self._closed.set()
        with self._lock:
            for one in (self._listening, *self._open):
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listening.close()

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                caller, _ = self._listening.accept()
            except OSError:  # closed
                return
            with self._lock:
                if self._closed.is_set():
                    caller.close()
                    return
                self._open.add(caller)
            Thread(target=self._hear, args=[caller], name="handover", daemon=True).start()

    def _hear(self, caller: socket.socket) -> None:
        with suppress(OSError, msgspec.MsgspecError), caller:
            while True:
                _send(caller, self._told(_asked.decode(_receive(caller))))
        with self._lock:
            self._open.discard(caller)

    def _told(self, asked: Asked) -> Told:
        try:
            return self._answer(asked)
        except QuarterdeckError as error:
            return Told(error=type(error).__name__, words=str(error))


@contextmanager
def _reachable(path: Path) -> Iterator[str]:
    # The path of a Unix socket must be short; one by a descriptor of its folder always is.
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{{}}"
    finally:
        os.close(folder)


def _bound(path: Path) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    with _reachable(path) as name:
        listening.bind(name.format(new.name))
    new.chmod(PRIVATE_FILE)
    listening.listen(64)
    new.replace(path)
    return listening


def _connected(path: Path) -> socket.socket:
    caller = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    caller.settimeout(ANSWER_S)
    try:
        with _reachable(path) as name:
            caller.connect(name.format(path.name))
    except OSError:
        caller.close()
        raise
    return caller


def _send(to: socket.socket, message: Asked | Told) -> None:
    body = _encoder.encode(message)
    to.sendall(LENGTH.pack(len(body)) + body)


def _receive(of: socket.socket) -> bytes:
    (length,) = LENGTH.unpack(_exactly(of, LENGTH.size))
    if length > MOST_BYTES:
        raise OSError(f"a message of {length} bytes")
    return _exactly(of, length)


def _exactly(of: socket.socket, count: int) -> bytes:
    found = bytearray()
    while len(found) < count:
        more = of.recv(min(1 << 20, count - len(found)))
        if not more:
            raise OSError("the connection was closed")
        found += more
    return bytes(found)
