"""What can be wrong with a schedule, or with what somebody wants of it. Pure."""

from quarterdeck.kernel.errors import Conflict, Forbidden, Invalid, NotFound


class UnusableSchedule(Invalid):
    """A schedule, an override or a swap that cannot be; ``errors`` says at which place."""

    def __init__(self, why: str, pointer: str = "#/text") -> None:
        super().__init__(why)
        self.errors = ({"detail": why, "pointer": pointer},)


class NoSuchSchedule(NotFound):
    """The tenant has no such schedule, or not what was asked of it; or it may not be seen."""


class ScheduleChanged(Conflict):
    """Somebody changed the schedule since it was read."""


class SwapMoved(Conflict):
    """A swap cannot be answered: it was before, or who holds its spans has changed."""


class NotYourShift(Forbidden):
    """The span is not one's own to give away."""
