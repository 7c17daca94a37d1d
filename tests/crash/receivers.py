"""Receivers in a process of their own, which outlives whoever dies: webhooks, and mail.

``python -m crash.receivers``: a line in asks for what came since the last, or says whose mails
are refused; a line out answers. Whoever forks has no threads then.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from quarterdeck.operations.messages.bundling import REPEAT
from servers import mail, sink
from servers.mail import Mail, MailBox
from servers.sink import Got, Sink

REFUSED = "550 5.1.1 no such user"
OFTEN = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One thing that was taken.

    Attributes:
        to: whose it is: ``mail ada@example.com``, ``/hook``.
        key: of one message the same, each time that it comes.
        title: what it says, in short.
        repeat: whether it says that it may have come before.
    """

    to: str
    key: str
    title: str
    repeat: bool


@dataclass(frozen=True, slots=True)
class Receivers:
    """The process, as whoever started it sees it."""

    url: str
    port: int
    ask: IO[str]
    answers: IO[str]

    def came(self) -> list[Delivery]:
        """What came since it was last asked, in order."""
        found: list[dict[str, Any]] = self._asked({})
        return [Delivery(**one) for one in found]

    def refuse(self, address: str) -> None:
        """Refuse mails to an address, until what came is asked for."""
        self._asked({"refuse": address})

    def _asked(self, what: dict[str, str]) -> Any:  # noqa: ANN401  JSON
        self.ask.write(json.dumps(what) + "\n")
        self.ask.flush()
        return json.loads(self.answers.readline())


@contextmanager
def running() -> Iterator[Receivers]:
    """Receivers on free ports."""
    command = [sys.executable, "-m", "crash.receivers"]
    with subprocess.Popen(
        command,
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        said = json.loads(process.stdout.readline())
        yield Receivers(said["url"], said["port"], process.stdin, process.stdout)
        process.stdin.close()


def main() -> None:
    """Receive until the input ends."""
    with sink.running() as hooks, mail.running() as box:
        _say({"url": hooks.url, "port": box.port})
        for line in sys.stdin:
            asked = json.loads(line)
            if "refuse" in asked:
                box.refuses[asked["refuse"]] = [REFUSED] * OFTEN
                _say([])
            else:
                _say(_came(hooks, box))


def _came(hooks: Sink, box: MailBox) -> list[dict[str, Any]]:
    found = [*map(_posted, hooks.got), *(one for got in box.got for one in _mailed(got))]
    hooks.got.clear()
    box.got.clear()
    box.refuses.clear()
    return found


def _posted(got: Got) -> dict[str, Any]:
    body, text = got.body, json.dumps(got.body)
    key = got.headers.get("idempotency-key", "")
    title = _title(got.path, body)
    repeat = "x-quarterdeck-repeat" in got.headers or REPEAT in text
    return {"to": got.path, "key": key or title, "title": title, "repeat": repeat}


def _title(path: str, body: dict[str, Any]) -> str:
    match path:
        case "/team":
            return f"{body['status']} {len(body['alerts'])}"
        case "/v2/enqueue":
            return f"{body['event_action']} {body['dedup_key']}"
        case "/slack":
            return str(body["text"]).replace(f"{REPEAT} ", "")  # it is the same message
        case _:
            return str(body["messages"][0]["title"])


def _mailed(got: Mail) -> Iterator[dict[str, Any]]:
    one = got.message
    for to in got.recipients:
        yield {
            "to": f"mail {to}",
            "key": one["Message-ID"],
            "title": one["Subject"],
            "repeat": "X-Quarterdeck-Repeat" in one,
        }


def _say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
