"""Who holds the journal's files: one process, and all others hand their drafts to it.

Whoever answers requests is meant to hold it. Where no such process is, another stands in
after a while, and lets go as soon as one asks for it.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event, RLock, Thread

import structlog

from quarterdeck.kernel.errors import Unavailable
from quarterdeck.trail.log.handover import Asked, Hearing, NobodyHears, RemoteSequencer, Told
from quarterdeck.trail.log.model import Appended, JournalHeld, Known, Prepared
from quarterdeck.trail.log.ports import Journal
from quarterdeck.trail.log.sequencer import GroupingSequencer

RETRY_S, AGAIN_S = 0.05, 2.0
STAND_IN_S = 5.0

log = structlog.get_logger("journal")


class HeldSequencer:
    """A Sequencer (see ``ports``) that appends itself where it can, else by who does."""

    def __init__(
        self,
        path: Path,
        take: Callable[[], Journal],
        *,
        lasting: bool,
        stand_in_s: float = STAND_IN_S,
    ) -> None:
        """Hold the journal, or wait for it.

        ``path`` is of the socket; ``take`` opens the journal, or raises JournalHeld. Who is
        ``lasting`` wants it at once and for good.
        """
        self._path, self._take = path, take
        self._lasting, self._stand_in_s = lasting, stand_in_s
        self._lock = RLock()
        self._own: GroupingSequencer | None = None
        self._hearing: Hearing | None = None
        self._remote = RemoteSequencer(path)
        self._unheard_since: float | None = None
        self._why = ""
        self._stop = Event()
        self._thread = Thread(target=self._wait, name="journal", daemon=True)
        if lasting and not self._try_quietly():
            self._thread.start()

    @property
    def holds(self) -> bool:
        """Whether this process appends itself, and hears others who would append."""
        return self._hearing is not None

    def append(self, drafts: Sequence[Prepared]) -> list[Appended]:
        own = self._own
        if own is not None:
            return own.append(drafts)
        try:
            found = self._remote.append(drafts)
        except NobodyHears:
            if not self._stands_in():
                raise
            return self.append(drafts)
        self._unheard_since = None
        return found

    async def enqueue(self, drafts: Sequence[Prepared]) -> list[Appended]:
        own = self._own
        return await (self._remote if own is None else own).enqueue(drafts)

    def known(self, log: str, tags: Sequence[bytes]) -> Mapping[bytes, Known]:
        own = self._own
        return (self._remote if own is None else own).known(log, tags)

    def close(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._let_go()
        self._remote.close()

    def _wait(self) -> None:
        with suppress(Unavailable):
            self._remote.release()
        while not self._stop.wait(RETRY_S if not self._why else AGAIN_S):
            if self._try_quietly():
                return

    def _try_quietly(self) -> bool:
        """``_try``; what else stands in the way is said once here, and to each who appends."""
        try:
            return self._try()
        except Unavailable as error:
            if str(error) != self._why:
                log.error("the journal cannot be opened", why=str(error))  # noqa: TRY400
            self._why = str(error)
            return False

    def _try(self) -> bool:
        with self._lock:
            if self._own is not None:
                return True
            try:
                journal = self._take()
            except JournalHeld:
                return False
            self._own = GroupingSequencer(journal)
            self._hearing = Hearing(self._path, self._answer)
            return True

    def _stands_in(self) -> bool:
        now = time.monotonic()
        self._unheard_since = self._unheard_since or now
        waited = now - self._unheard_since >= self._stand_in_s
        return (self._lasting or waited) and self._try()

    def _let_go(self) -> None:
        with self._lock:
            own, hearing = self._own, self._hearing
            self._own = self._hearing = None
        if hearing is not None:
            hearing.close()
        if own is not None:
            own.close()

    def _answer(self, asked: Asked) -> Told:
        own = self._own
        if own is None:
            raise NobodyHears("the journal was let go of")
        if asked.drafts:
            return Told(appended=own.append(asked.drafts))
        if asked.release:
            if not self._lasting:
                Thread(target=self._let_go, name="journal", daemon=True).start()
            return Told()
        return Told(known=dict(own.known(asked.log, asked.tags)))
