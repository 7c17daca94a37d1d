"""Uses of credentials, kept in memory until someone has time to write them down."""

from threading import Lock

MINUTE = 60_000_000
"""Microseconds: times of use are no finer than this in the database."""


class Uses:
    """When each credential was last used, by id, in microseconds. Any thread may call it."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}
        self._written: dict[str, int] = {}
        self._lock = Lock()

    def note(self, credential: str, now: int) -> None:
        """It was used now. One write to a dict: the hot path passes here."""
        self._last[credential] = now

    def last(self, credential: str) -> int:
        """Its last use here; 0 if there was none."""
        return self._last.get(credential, 0)

    def due(self) -> dict[str, int]:
        """What to write down: uses a minute or more after the last that was written."""
        with self._lock:
            last = dict(self._last)
            return {k: at for k, at in last.items() if at - self._written.get(k, 0) >= MINUTE}

    def written(self, uses: dict[str, int]) -> None:
        """They stand in the database; forget those that nobody has used since."""
        with self._lock:
            self._written.update(uses)
            for credential in [k for k, at in self._written.items() if self.last(k) <= at]:
                self._last.pop(credential, None)
            # Older than a minute they hold nothing back any more, and need no memory.
            newest = max(self._written.values(), default=0)
            self._written = {k: at for k, at in self._written.items() if newest - at < MINUTE}
