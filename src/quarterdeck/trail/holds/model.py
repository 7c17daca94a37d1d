"""A legal hold: what it covers, who placed it, and who let it go."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from quarterdeck.kernel.clock import instant
from quarterdeck.kernel.errors import Conflict, Invalid, NotFound

MAX_WORDS = 2000
MAX_VALUE = 400


class HoldNotFound(NotFound):
    """No such hold."""


class HoldInvalid(Invalid):
    """The hold does not say clearly what it covers, or why."""


class HoldReleased(Conflict):
    """The hold was released already."""


class HoldMovedOn(Conflict):
    """Somebody else changed the hold first; read it again."""


class SecondPersonNeeded(Conflict):
    """Whoever asked cannot agree as well: another person must."""


class OnHold(Conflict):
    """A legal hold keeps this from being purged or erased.

    Attributes:
        tenant, wanted: whose, and what was refused: ``purge`` or ``erasure``.
        holds: the ids of the holds.
    """

    def __init__(self, tenant: str, wanted: str, holds: Collection[str]) -> None:
        self.tenant, self.wanted, self.holds = tenant, wanted, sorted(holds)
        names = ", ".join(self.holds)
        super().__init__(f"the {wanted} is refused: legal hold {names}; holds:release lifts it")


class Covers(StrEnum):
    """What a hold's scope names."""

    TENANT = "tenant"
    SUBJECT = "subject"
    RANGE = "range"
    ACTOR = "actor"
    RESOURCE = "resource"


class State(StrEnum):
    """Where a hold is. It holds until it is released."""

    PLACED = "placed"
    RELEASE_ASKED = "release-asked"
    RELEASED = "released"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a hold covers.

    Attributes:
        value: the subject, or actor or resource as ``type:id``; empty for tenant and range.
        since, until: when the server received the records, microseconds since 1970, from
            ``since`` up to, without, ``until``; None: without bound. A range needs one.
    """

    covers: Covers
    value: str = ""
    since: int | None = None
    until: int | None = None

    def __post_init__(self) -> None:
        named = self.covers in (Covers.SUBJECT, Covers.ACTOR, Covers.RESOURCE)
        if named != bool(self.value) or len(self.value) > MAX_VALUE:
            raise HoldInvalid(
                "a hold on a subject, actor or resource names it in at most 400 letters; "
                "one on a tenant or a range names none"
            )
        if named and self.covers is not Covers.SUBJECT and ":" not in self.value:
            raise HoldInvalid(f"an {self.covers} is written type:id, as user:u-1")
        bounded = (self.since, self.until) != (None, None)
        if self.covers is Covers.RANGE and not bounded:
            raise HoldInvalid("a range has since, until, or both")
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise HoldInvalid("since must be before until")

    @property
    def is_whole(self) -> bool:
        """Whether it covers all of the tenant's records, of whatever time."""
        return self.covers is Covers.TENANT and (self.since, self.until) == (None, None)

    def keeps(self, one: "Held") -> bool:
        """Whether it covers a record."""
        if self.since is not None and one.at < self.since:
            return False
        if self.until is not None and one.at >= self.until:
            return False
        if self.covers is Covers.ACTOR:
            return one.actor == self.value
        if self.covers is Covers.RESOURCE:
            return one.resource == self.value
        if self.covers is Covers.SUBJECT:
            return self.value in (one.actor, one.resource) or self.value in one.subjects
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A record, as far as a hold looks at it.

    Attributes:
        at: when the server received it, microseconds since 1970.
        actor, resource: as ``type:id``.
        subjects: under whose keys its committed fields are sealed.
    """

    at: int
    actor: str
    resource: str
    subjects: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """One version of a hold; every change is a new one.

    Attributes:
        version: from 1.
        at, by: of this version: microseconds since 1970, and the principal's id.
    """

    id: str
    tenant: str
    version: int
    scope: Scope
    reason: str
    state: State
    at: int
    by: str

    @property
    def moment(self) -> datetime:
        """When this version was made."""
        return instant(self.at)

    @property
    def holds(self) -> bool:
        """Whether it still keeps what it covers."""
        return self.state is not State.RELEASED


def words(text: str, what: str = "a reason") -> str:
    """``text`` without the space around it; raise HoldInvalid if empty, or over 2,000 letters."""
    stripped = text.strip()
    if not stripped or len(stripped) > MAX_WORDS:
        raise HoldInvalid(f"{what} is needed, in 1 to {MAX_WORDS} letters")
    return stripped


def keeping(holds: Collection[Hold], one: Held) -> list[str]:
    """The ids of those of ``holds`` that keep a record."""
    return [hold.id for hold in holds if hold.holds and hold.scope.keeps(one)]
