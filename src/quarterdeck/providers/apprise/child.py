"""The process that one delivery is: reads what to send where, says in a line what came of it.

Nothing that anybody wrote is read before the guard stands.
"""

import resource
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from apprise import Apprise

from quarterdeck.operations.channels.model.apprise import unusable
from quarterdeck.providers.apprise.guard import Guard
from quarterdeck.providers.apprise.judging import MOST_WORDS, Line, Verdict, judged
from quarterdeck.providers.apprise.masking import masked, untold
from quarterdeck.providers.apprise.rendering import Said
from quarterdeck.providers.apprise.service import Log, Service, service_at
from quarterdeck.providers.webhook.reach import networks_of

ANY = "json://localhost"
ROOM_BYTES = 128 << 20
"""Over what is mapped when Apprise is loaded: an answer that unpacks to more ends the process."""

MAPPED = Path("/proc/self/statm")
UNKNOWN_BYTES = 256 << 20  # mapped, where no kernel says how much
LONGEST_S = 30
"""Who waits for it kills it before; where nobody waits any longer, the kernel does."""

TAKEN = Verdict(status=None, error="", again=False)
UNKNOWN = "Apprise reads no such address, or lacks what it needs for it"


class Task(msgspec.Struct, kw_only=True):
    """What to send. ``networks``: as the setting ``webhook_networks`` has them."""

    url: str
    networks: str
    said: Said


def main() -> None:
    """Do one, from standard input to standard output."""
    answers, sys.stdout = sys.stdout, sys.stderr
    Apprise.instantiate(ANY)  # when it is first asked it loads all that it knows
    sys.dont_write_bytecode = True
    signal.alarm(LONGEST_S)
    most_bytes = _mapped() + ROOM_BYTES
    for limit, most in ((resource.RLIMIT_AS, most_bytes), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(limit, (most, most))
    guard = Guard(allowed=[])
    guard.stand()
    task = msgspec.json.decode(sys.stdin.buffer.read(), type=Task)
    guard.allowed = networks_of(task.networks)
    answers.write(msgspec.json.encode(done(task, guard)).decode())
    answers.flush()


def done(task: Task, guard: Guard) -> Verdict:
    """What came of it, in words without what is secret in the address, and without the message."""
    log = Log()
    why = unusable(task.url)
    service = None if why else service_at(task.url)
    why = why or _refused(service)
    if service is not None and not why:
        guard.open = service.is_private
        if service.notify(task.said):
            return TAKEN
    keeps_host = service is not None and service.has_host

    def hide(words: str) -> str:
        left = masked(words, task.url, keeps_host=keeps_host)
        return untold(left, task.said.title, task.said.body)

    return _why_not(guard, log.lines, why, hide)


def _mapped() -> int:
    try:
        return int(MAPPED.read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return UNKNOWN_BYTES


def _refused(service: Service | None) -> str:
    if service is None:
        return UNKNOWN
    return "it acts on the machine that sends" if service.is_local else ""


def _why_not(guard: Guard, lines: Sequence[Line], why: str, hide: Callable[[str], str]) -> Verdict:
    """What was refused here comes before what Apprise makes of it, unless somebody answered."""
    found = judged(lines, hide)
    if guard.refused and found.status is None:
        first = guard.refused[0]
        return Verdict(status=None, error=f"refused: {first.words}", again=first.again)
    if why:
        said = "; ".join([why, *(hide(one.text) for one in lines if one.warns)])
        return Verdict(status=None, error=said[:MOST_WORDS], again=False)
    return found
