"""The sender: a thread that takes lines from the spool to the trail."""

import logging
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Condition as Signal
from threading import Event, Thread
from time import monotonic

import httpx2

from quarterdeck.client.answers import Meaning, understood
from quarterdeck.client.keeping import Keeper
from quarterdeck.client.spool import Batch, Spool

LINES, SIZE = 500, 1024 * 1024
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
TURN_S = 1.0
"""How often one that may not send looks whether the sender is gone."""

PATH = "/api/v1/audit/events"
NDJSON = "application/x-ndjson"

logger = logging.getLogger("quarterdeck.client")


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """How the way to the trail is.

    Attributes:
        waiting_bytes: of events that were not sent yet.
        sent, refused: events since this process began; refused ones are kept in the spool.
        lost: events that found the spool or its disk full, since it was made.
        failure: why the last attempt failed; empty where it did not.
        denied: by log, in which way the trail denies a checkpoint that was kept of it.
        unproven: by log, since when the trail gives nothing that proves its newest checkpoint.
    """

    waiting_bytes: int
    sent: int
    refused: int
    lost: int
    failure: str
    denied: Mapping[str, str] = field(default_factory=dict)
    unproven: Mapping[str, datetime] = field(default_factory=dict)


class Sender:
    """Sends what is in the spool, in order, until it is closed. Start it once a process."""

    def __init__(self, http: httpx2.Client, spool: Spool, keeper: Keeper) -> None:
        self._http = http
        self._keeper = keeper
        self._spool = spool
        self._awake = Event()
        self._closing = Event()
        self._settled = Signal()
        self._thread = Thread(target=self._run, name="quarterdeck-audit", daemon=True)
        self.sent = self.refused = 0
        self.failure = ""

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it sends; a forked child has none."""
        return self._thread.is_alive()

    def wake(self) -> None:
        """There is something to send."""
        self._awake.set()

    def flush(self, timeout_s: float) -> bool:
        """Wait until all is sent that is in the spool now; False if time ran out."""
        deadline = monotonic() + timeout_s
        self._awake.set()
        with self._settled:
            while self._spool.waiting_bytes and monotonic() < deadline:
                # Another process may be the one that sends, and it does not signal here.
                self._settled.wait(min(deadline - monotonic(), TURN_S))
        return not self._spool.waiting_bytes

    def close(self) -> None:
        """Stop, after the request that is on its way."""
        self._closing.set()
        self._awake.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        with self._http:
            while not self._closing.is_set():
                ours = self._turn()
                self._closing.wait(0 if ours else TURN_S)

    def _turn(self) -> bool:
        """Send if none else does; a disk that fails is tried again."""
        try:
            with self._spool.sending() as ours:
                if ours:
                    self._send_all()
                return ours
        except OSError as error:
            self.failure = f"the spool fails: {error}"
            return False

    def _send_all(self) -> None:
        """As long as this process lives, once it is the one that sends."""
        wait_s, lines = FIRST_WAIT_S, LINES
        while not self._closing.is_set():
            batch = self._spool.batch(lines, SIZE)
            self._keeper.beat(self._http)
            if not batch.lines:
                lines = LINES
                self._rest()
                continue
            meaning = self._offered(batch)
            self._settle(batch, meaning)
            lines = 1 if meaning.alone or (lines == 1 and meaning.refused) else LINES
            if meaning.failure:
                self._closing.wait(meaning.wait_s if meaning.wait_s is not None else wait_s)
                wait_s = min(wait_s * 2, LONGEST_WAIT_S) * random.uniform(0.8, 1.0)  # noqa: S311
            else:
                wait_s = FIRST_WAIT_S

    def _rest(self) -> None:
        # Other processes write into the spool too, and cannot wake this one.
        self._awake.wait(TURN_S)
        self._awake.clear()

    def _offered(self, batch: Batch) -> Meaning:
        body = b"\n".join(batch.lines) + b"\n"
        try:
            answer = self._http.post(PATH, content=body, headers={"content-type": NDJSON})
        except httpx2.HTTPError as error:
            return Meaning(failure=f"no answer: {str(error) or type(error).__name__}")
        return understood(answer.status_code, answer.headers, answer.content, len(batch.lines))

    def _settle(self, batch: Batch, meaning: Meaning) -> None:
        for refusal in meaning.refused:
            self._spool.refuse(batch.lines[refusal.line], refusal.problem)
            logger.error("the trail refused an event for ever: %s", refusal.problem.get("detail"))
        if meaning.failure and not self.failure:
            logger.warning("events wait in the spool: %s", meaning.failure)
        self.refused += len(meaning.refused)
        self.sent += meaning.done - len(meaning.refused)
        self.failure = meaning.failure
        self._keeper.hear(meaning.logs)
        if meaning.done:
            self._spool.done(batch.ends[meaning.done - 1])
        with self._settled:
            self._settled.notify_all()
