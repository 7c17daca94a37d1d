"""How long things took lately: a bounded record in memory, gone with its process."""

from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from math import ceil
from threading import Lock
from time import monotonic

from typing_extensions import override

from quarterdeck.kernel.clock import utc_now

MOST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long one thing took. ``name`` has no values in it: people may read it."""

    name: str
    duration_ms: float
    at: datetime


class Timings:
    """The last ``MOST`` durations. Any thread may use it.

    Args:
        slow_ms: what took so long, or longer, is slow.
    """

    def __init__(self, slow_ms: float, clock: Callable[[], datetime] = utc_now) -> None:
        self.slow_ms = slow_ms
        self._clock = clock
        self._lock = Lock()
        self._kept: deque[Timing] = deque(maxlen=MOST)

    def record(self, name: str, duration_ms: float) -> None:
        """Keep that ``name`` took so long, just now; the oldest makes room."""
        with self._lock:
            self._kept.append(
                Timing(name=name, duration_ms=round(duration_ms, 3), at=self._clock())
            )

    def newest(self, *, slow_only: bool = False) -> list[Timing]:
        """What is kept, the newest first."""
        with self._lock:
            kept = list(self._kept)
        least = self.slow_ms if slow_only else 0.0
        return [timing for timing in reversed(kept) if timing.duration_ms >= least]

    def percentile_ms(self, percent: int) -> float | None:
        """So many of a hundred took at most this long (nearest rank); None: nothing is kept."""
        with self._lock:
            took = sorted(timing.duration_ms for timing in self._kept)
        return took[ceil(len(took) * percent / 100) - 1] if took else None

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()


class Recent:
    """How long the last ``MOST`` of one thing took; for a hot path. Any thread may use it.

    What goes on still has taken as long as it is: so what never ends is seen too.
    """

    def __init__(self, seconds: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._kept: deque[tuple[float, float]] = deque(maxlen=MOST)
        self._open: dict[int, float] = {}
        self._numbers = count()

    @property
    def open(self) -> int:
        """How many go on."""
        return len(self._open)

    def timing(self) -> AbstractContextManager[None]:
        """Time the block; of one that raises nothing is kept."""
        return _Going(self)

    def begin(self) -> int:
        """One begins; its number is what ends it."""
        number = next(self._numbers)
        self._open[number] = self._seconds()
        return number

    def end(self, number: int, *, kept: bool) -> None:
        """It ended; where it is not ``kept``, as if it had never been."""
        began = self._open.pop(number)
        if kept:
            self.add(self._seconds() - began)

    def add(self, took_s: float) -> None:
        """It took so long, just now."""
        self._kept.append((self._seconds(), took_s))

    def percentile_s(self, percent: int, within_s: float) -> tuple[float | None, int]:
        """So many of a hundred of the last ``within_s`` took at most this long; of how many."""
        now = self._seconds()
        ended = [one for at, one in list(self._kept) if at >= now - within_s]
        took = sorted([*ended, *(now - began for began in list(self._open.values()))])
        return (took[ceil(len(took) * percent / 100) - 1] if took else None), len(took)


class _Going(AbstractContextManager[None]):
    # Not a generator: that takes twice as long as all that it would do here.
    __slots__ = ("_number", "_of")

    def __init__(self, of: Recent) -> None:
        self._of = of

    @override
    def __enter__(self) -> None:
        self._number = self._of.begin()

    @override
    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._of.end(self._number, kept=kind is None)
