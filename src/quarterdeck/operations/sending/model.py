"""What became of one request to the outside. Pure."""

from dataclasses import dataclass
from datetime import timedelta

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=0.5), timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What became of one request.

    Attributes:
        status: None where no whole answer came, or where there is no such number.
        error: in words; empty where it was taken.
        again: whether it may help to try again.
        after: how long the receiver asked to be left alone; None: it asked for nothing.
        receipt: what the receiver calls it, where it says so.
    """

    status: int | None = None
    error: str = ""
    again: bool = False
    after: timedelta | None = None
    receipt: str = ""

    @property
    def taken(self) -> bool:
        """Whether the receiver has it."""
        return not self.error


NOT_BEGUN = Reply(error="who had taken it stopped before its turn", again=True)
"""What was taken and not tried: it is as if nobody had taken it."""


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: from half a second, doubling, to a minute."""
    return min(FIRST_PAUSE * (1 << min(attempts - 1, 10)), LONGEST_PAUSE)
