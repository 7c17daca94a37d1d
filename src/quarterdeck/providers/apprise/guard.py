"""What Apprise may do while it sends: reach where webhooks may, and nothing of this machine.

Apprise opens connections in a hundred ways of its own. Python tells audit hooks (PEP 578) of each
before it is done, and a hook that raises prevents it; none can be taken out again. That confines
code which is honest and is told where to go by somebody who may not be, as Apprise is: not code
that would break out.
"""

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from mimetypes import knownfiles
from typing import Any, NoReturn
from zoneinfo import TZPATH

from quarterdeck.providers.webhook.reach import Network, is_named, may_reach

OUT = ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind")
FAMILIES = frozenset(
    {
        *("os", "subprocess", "pty", "signal", "shutil", "tempfile", "ctypes", "fcntl"),
        *("mmap", "resource", "sqlite3", "syslog", "webbrowser", "winreg", "_winapi", "msvcrt"),
    }
)
"""Events of these begin with their name and a dot; what is not in HARMLESS is refused."""

HARMLESS = frozenset({"os.listdir", "os.scandir", "os.walk", "os.fwalk", "os.putenv"})
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What was refused. ``again``: whoever keeps the settings may allow it."""

    words: str
    again: bool = False


@dataclass(slots=True, kw_only=True)
class Guard:
    """Refuses, and remembers what it refused.

    Attributes:
        allowed: networks that may be reached though they are not public.
        open: whether what is public may be reached, too: not before it is known that nothing
            goes there unencrypted or unverified.
    """

    allowed: Sequence[Network]
    open: bool = False
    refused: list[Refusal] = field(default_factory=list)
    _readable: Sequence[str] = ()

    def stand(self) -> None:
        """From now on, until the process ends."""
        own = (*sys.path, *TZPATH, *knownfiles)  # Python's own files, which it reads when it must
        self._readable = tuple(os.path.realpath(one) for one in own if one)
        sys.addaudithook(self._hear)

    def _hear(self, event: str, of: tuple[Any, ...]) -> None:
        if event in OUT:
            self._judge_address(of[1])
        elif event == "open":
            self._judge_file(of[0], of[2])
        elif event.partition(".")[0] in FAMILIES and event not in HARMLESS:
            self._refuse(f"{event} is nothing that a message needs")

    def _judge_address(self, said: object) -> None:
        """Refuse all but numeric addresses: of a name it is not known where it leads."""
        if said is None:  # of a connection that was judged
            return
        host = str(said[0]) if isinstance(said, tuple) and said else ""
        try:
            address = ip_address(host)
        except ValueError:
            self._refuse("a connection that is not to an IP address")
        if is_named(address, self.allowed):
            return
        if not may_reach(address, ()):
            words = f"{host} is not public; allow it by the setting webhook_networks"
            self._refuse(words, again=True)
        if not self.open:
            self._refuse(f"{host} is public, and would not be reached encrypted and verified")

    def _judge_file(self, path: object, flags: int) -> None:
        if isinstance(path, int):  # of what is open already
            return
        real = os.path.realpath(os.fsdecode(path)) if isinstance(path, str | bytes) else ""
        if flags & WRITES or not _within(real, self._readable):
            self._refuse("a file of this machine")

    def _refuse(self, words: str, *, again: bool = False) -> NoReturn:
        self.refused.append(Refusal(words=words, again=again))
        raise PermissionError(words)


def _within(path: str, folders: Iterable[str]) -> bool:
    return any(path == one or path.startswith(one + os.sep) for one in folders)
