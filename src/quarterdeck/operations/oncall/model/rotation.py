"""A rotation: how long a turn is, and at which time of the wall clock it is handed over. Pure."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from quarterdeck.operations.oncall.model.faults import UnusableSchedule

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAY = timedelta(days=1)


class Unit(StrEnum):
    """What turns are counted in."""

    HOURS = "hours"
    DAYS = "days"
    WEEKS = "weeks"


LENGTHS = {Unit.HOURS: timedelta(hours=1), Unit.DAYS: DAY, Unit.WEEKS: 7 * DAY}
MOST = {Unit.HOURS: 24 * 7, Unit.DAYS: 364, Unit.WEEKS: 52}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """Every so many hours, days or weeks somebody else's turn begins.

    Attributes:
        at: when it is handed over, by the wall clock. Turns of hours are counted from it on,
            in hours of the wall clock: one of 12 from 08:00 on ends at 20:00, whatever clocks
            did between.
        weekday: 0 is Monday; on which day turns of weeks are handed over.
        waits: the hand-over of a turn of days or weeks waits for the first day that is no
            holiday of the schedule.
    """

    unit: Unit = Unit.WEEKS
    every: int = 1
    at: time = time(9)
    weekday: int = 0
    waits: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.every <= MOST[self.unit]:
            raise UnusableSchedule(
                f"a turn is 1 to {MOST[self.unit]} {self.unit.value}, got {self.every}"
            )
        if self.weekday and self.unit is not Unit.WEEKS:
            raise UnusableSchedule("only turns of weeks are handed over on one weekday")
        if self.waits and self.unit is Unit.HOURS:
            raise UnusableSchedule("turns of hours do not wait for the end of holidays")

    @property
    def length(self) -> timedelta:
        """Of a turn, by the wall clock."""
        return LENGTHS[self.unit] * self.every

    def begin(self, start: datetime) -> datetime:
        """When the first turn begins, of which ``start`` (wall time, naive) is a part."""
        found = datetime.combine(start.date(), self.at)
        if self.unit is Unit.WEEKS:
            found -= (found.weekday() - self.weekday) % 7 * DAY
        if found > start:
            found -= 7 * DAY if self.unit is Unit.WEEKS else DAY
        if self.unit is Unit.HOURS:
            found += (start - found) // self.length * self.length
        return found
