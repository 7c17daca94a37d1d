"""A thread that does one thing again and again until told to stop."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event, Thread

import structlog

from quarterdeck.kernel.errors import Unavailable

log = structlog.get_logger("pulse")

Beat = Callable[[], int | None]
"""Does one thing; whether there is more to do at once, or how much it did: there may be more."""

Pulses = Mapping[str, tuple[float, Beat]]
"""By name, every how many seconds to call what."""


@dataclass(slots=True, kw_only=True)
class Pulse:
    """Calls ``beat`` every ``every_s`` seconds, and at once again while it says there is more."""

    name: str
    every_s: float
    beat: Beat
    stop: Event
    _thread: Thread | None = field(default=None)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread = Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def join(self, within_s: float) -> None:
        """Wait for the beat under way, after ``stop`` was set."""
        if self._thread:
            self._thread.join(within_s)

    def _run(self) -> None:
        failing: type[Exception] | None = None
        while not self.stop.is_set():
            try:
                more = self.beat()
                failing = None
            except Exception as error:  # noqa: BLE001  a pulse goes on; it says once that it failed
                if type(error) is not failing:
                    self._tell(error)
                failing, more = type(error), False
            if not more:
                self.stop.wait(self.every_s)

    def _tell(self, error: Exception) -> None:
        if isinstance(error, Unavailable):  # its words say all: what it needs is not there now
            log.warning("pulse waits", pulse=self.name, error=str(error))
        else:
            log.error("pulse failed", pulse=self.name, exc_info=error)
