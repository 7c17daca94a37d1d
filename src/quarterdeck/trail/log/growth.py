"""Which logs have grown beyond what somebody has dealt with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic

EVERY_S = 5.0


@dataclass(slots=True)
class Growth:
    """What one process knows of who follows the logs: the many that rest cost it nothing.

    Attributes:
        every_s: after so many seconds all logs are named, for another process may have sent
            somebody's place back.
    """

    every_s: float = EVERY_S
    _done: dict[str, int] = field(default_factory=dict)
    _named: float = field(default_factory=monotonic)

    def among(self, sizes: Mapping[str, int]) -> dict[str, int]:
        """Those of the logs, with their sizes, that need to be looked at now."""
        if monotonic() - self._named >= self.every_s:
            self._named = monotonic()
            self._done.clear()
        return {log: size for log, size in sizes.items() if self._done.get(log) != size}

    def done(self, log: str, size: int) -> None:
        """There is nothing to do for ``log`` until it is of another size."""
        self._done[log] = size
