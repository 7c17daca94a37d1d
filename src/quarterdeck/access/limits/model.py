"""How often a tenant may ask: a bucket that fills at a rate and holds a burst."""

from dataclasses import dataclass
from math import ceil

from quarterdeck.kernel.errors import Invalid, Unavailable

MAX_PER_MINUTE = 1_000_000
MAX_BURST = 100_000


class RateLimited(Unavailable):
    """The tenant asks too often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many requests a minute in the long run, and at most ``burst`` at once."""

    per_minute: int
    burst: int

    def __post_init__(self) -> None:
        if not 1 <= self.per_minute <= MAX_PER_MINUTE:
            raise Invalid(f"per_minute must be 1 to {MAX_PER_MINUTE}")
        if not 1 <= self.burst <= MAX_BURST:
            raise Invalid(f"burst must be 1 to {MAX_BURST}")

    def refilled(self, left: float, elapsed_s: float) -> float:
        """Requests that may be made at once, ``elapsed_s`` after ``left`` were."""
        return min(self.burst, left + max(0.0, elapsed_s) * self.per_minute / 60)

    def wait_s(self, left: float) -> int:
        """Whole seconds until one request may be made again; 1 at least."""
        return max(1, ceil((1 - left) * 60 / self.per_minute))
