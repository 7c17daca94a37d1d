"""Methods: how a person is reached, and when they are left alone. Pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from quarterdeck.kernel.errors import Conflict, Invalid
from quarterdeck.kernel.text import is_storable
from quarterdeck.operations.channels.model.channel import NAME, UnusableChannel, check_mail

MOST, MAX_WORD = 10, 200


class UnusableMethods(Invalid):
    """Methods that cannot be kept; the message says which part, and why."""


class MethodsChanged(Conflict):
    """Somebody else changed the methods meanwhile."""


class By(StrEnum):
    """By what a person is reached."""

    MAIL = "mail"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One way to reach a person: a mail address, or a channel of the tenant by its name."""

    by: By
    name: str

    def __post_init__(self) -> None:
        if self.by is By.CHANNEL and not NAME.fullmatch(self.name):
            raise UnusableMethods(f"{self.name[:80]!r} is no channel's name")
        if self.by is By.MAIL:
            try:
                check_mail(self.name)
            except UnusableChannel as error:
                raise UnusableMethods(str(error)) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Hours of each day in which a person is told nothing that can wait.

    Attributes:
        begins, ends: as clocks show it in ``zone``; a span may go over midnight.
    """

    zone: str
    begins: time
    ends: time

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise UnusableMethods(f"{self.zone[:80]!r} is no time zone; as Europe/Oslo") from error
        if self.begins == self.ends:
            raise UnusableMethods("quiet hours begin and end at different times")

    def over_at(self, now: datetime) -> datetime | None:
        """When the quiet hours that hold at ``now`` end; None: none hold."""
        there = now.astimezone(ZoneInfo(self.zone))
        clock = there.time()
        if self.begins < self.ends:
            held, day = self.begins <= clock < self.ends, there.date()
        else:
            held = clock >= self.begins or clock < self.ends
            day = there.date() + timedelta(days=int(clock >= self.begins))
        return max(self._end(day), now) if held else None

    def _end(self, day: date) -> datetime:
        return datetime.combine(day, self.ends, ZoneInfo(self.zone)).astimezone(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Methods:
    """How one person is reached.

    Attributes:
        person: their word, as on-call schedules have it.
        ways: in the order in which they are told.
        quiet: None: they may be told at any hour. A page is told at any hour anyway.
    """

    person: str
    ways: tuple[Method, ...]
    quiet: Quiet | None = None

    def __post_init__(self) -> None:
        good = is_storable(self.person) and self.person.isprintable()
        if not good or not 1 <= len(self.person.strip()) <= MAX_WORD:
            raise UnusableMethods(f"a person's word has 1 to {MAX_WORD} characters, in one line")
        if not 1 <= len(self.ways) <= MOST:
            raise UnusableMethods(f"a person is reached in 1 to {MOST} ways")
        if len(set(self.ways)) < len(self.ways):
            raise UnusableMethods("a way is said twice")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMethods:
    """Methods as they stand."""

    tenant: str
    version: int
    by: str
    at: datetime
    methods: Methods


def clock_time(text: str) -> time:
    """``22:00``; raise UnusableMethods."""
    try:
        return time.fromisoformat(text) if len(text) == len("22:00") else _refuse(text)
    except ValueError as error:
        raise UnusableMethods(f"{text[:20]!r} is no time; expected HH:MM") from error


def _refuse(text: str) -> time:
    raise UnusableMethods(f"{text[:20]!r} is no time; expected HH:MM")
