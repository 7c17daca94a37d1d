"""A silence, and what may become of it. The rules are Alertmanager's (silence/silence.go)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from quarterdeck.kernel.errors import Conflict, Invalid, NotFound
from quarterdeck.kernel.text import is_storable
from quarterdeck.operations.silences.matchers import Matchers, all_match

MOST_COMMENT = 4000
LATEST_YEAR = 9000


class SilenceNotFound(NotFound):
    """No such silence, or none that this actor may see."""


class SilenceInvalid(Invalid):
    """The silence breaks a rule of silences."""


class SilenceExpired(Conflict):
    """The silence has ended; what ended is not changed."""


class SilenceState(StrEnum):
    """Where a silence is."""

    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Alerts that match wake nobody from ``starts_at`` until before ``ends_at``.

    Attributes:
        created_by: who, in their own words.
        actor: the principal that made it.
    """

    id: str
    tenant: str
    matchers: Matchers
    starts_at: datetime
    ends_at: datetime
    updated_at: datetime
    created_by: str
    comment: str
    actor: str

    def state(self, now: datetime) -> SilenceState:
        """Where it is at ``now``."""
        if now < self.starts_at:
            return SilenceState.PENDING
        return SilenceState.ACTIVE if now < self.ends_at else SilenceState.EXPIRED

    def mutes(self, labels: Mapping[str, str]) -> bool:
        """Whether it is about a label set, whenever it holds."""
        return all_match(self.matchers, labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A silence that somebody asks for.

    Attributes:
        id: of the one to change; empty for a new one.
        starts_at: None is now.
    """

    matchers: Matchers
    ends_at: datetime
    comment: str
    created_by: str = ""
    starts_at: datetime | None = None
    id: str = ""


def check(wanted: Wanted, now: datetime) -> None:
    """Refuse what is no silence; raise SilenceInvalid."""
    starts_at = wanted.starts_at or now
    if wanted.ends_at <= starts_at:
        raise SilenceInvalid("start time must be before end time")
    if wanted.ends_at <= now:
        raise SilenceInvalid("end time can't be in the past")
    if not wanted.matchers:
        raise SilenceInvalid("at least one matcher required")
    if all(one.matches({}) for one in wanted.matchers):
        raise SilenceInvalid("at least one matcher must not match the empty string")
    if wanted.ends_at.year > LATEST_YEAR:
        raise SilenceInvalid(f"end time can't be after the year {LATEST_YEAR}")
    for words in (wanted.comment, wanted.created_by):
        if len(words) > MOST_COMMENT or not is_storable(words):
            raise SilenceInvalid(f"a comment has at most {MOST_COMMENT} characters, and no NUL")


def may_become(old: Silence, wanted: Wanted, now: datetime) -> bool:
    """Whether ``old`` can be changed in place; else it ends, and a new one begins."""
    if set(old.matchers) != set(wanted.matchers):
        return False
    starts_at = wanted.starts_at or now
    match old.state(now):
        case SilenceState.ACTIVE:
            return int(starts_at.timestamp()) == int(old.starts_at.timestamp())
        case SilenceState.PENDING:
            return starts_at >= now
        case SilenceState.EXPIRED:
            return False


def ended(old: Silence, now: datetime) -> Silence:
    """``old``, over at ``now``; one that has not begun never will."""
    starts_at = min(old.starts_at, now)
    return replace(old, starts_at=starts_at, ends_at=now, updated_at=now)
