"""Changes, freezes, and what a freeze refuses. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from quarterdeck.kernel.errors import Conflict, Invalid, NotFound
from quarterdeck.kernel.ids import PLATFORM, TenantId

MAX_TEXT = 500


class UnusableChange(Invalid):
    """A change or a freeze that cannot be kept; the message says why."""


class NoSuchFreeze(NotFound):
    """There is no such freeze, or none that this actor may see."""


class FreezeOver(Conflict):
    """The freeze is over already."""


class ChangeKind(StrEnum):
    """What was done."""

    DEPLOY = "deploy"
    ROLLBACK = "rollback"
    CONFIG = "config"
    ROTATION = "rotation"
    RESTART = "restart"


class Purpose(StrEnum):
    """What a deployment is for: what a freeze judges it by."""

    FEATURE = "feature"
    STABILITY = "stability"
    HOTFIX = "hotfix"


class Level(StrEnum):
    """How much a freeze refuses."""

    FEATURES = "features"
    EMERGENCY = "emergency"
    EVERYTHING = "everything"


REFUSED = {
    Level.FEATURES: frozenset({Purpose.FEATURE}),
    # Runbook 004, L399: focus on stability. So what makes it more stable goes on.
    Level.EMERGENCY: frozenset({Purpose.FEATURE}),
    Level.EVERYTHING: frozenset(Purpose),
}
CONFIG_TOO = frozenset({Level.EMERGENCY, Level.EVERYTHING})
"""Levels at which changes of configuration wait as well, whatever they are for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something was changed.

    Attributes:
        environment, service: empty: it is about more than one, or about none that is known.
        at: when it happened, as who told it says.
        by: who did it, in the words of who told it; the actor where it says nothing.
        source: ``told`` by an actor, or the name of the fact that was heard.
    """

    id: str
    tenant: TenantId
    kind: ChangeKind
    title: str
    at: datetime
    environment: str = ""
    service: str = ""
    version: str = ""
    link: str = ""
    by: str = ""
    source: str = "told"

    def __post_init__(self) -> None:
        if not self.title.strip():
            raise UnusableChange("a change has a title that says what was done")
        texts = (self.title, self.environment, self.service, self.version, self.link, self.by)
        if max(map(len, texts)) > MAX_TEXT:
            raise UnusableChange(f"texts have at most {MAX_TEXT} characters")
        if self.link and not self.link.startswith(("https://", "http://")):
            raise UnusableChange("a link begins with https:// or http://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which changes: of one tenant, environment, service, kind; "" is all. A span, both ends in."""

    since: datetime
    until: datetime
    tenant: str = ""
    environment: str = ""
    service: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """Changes are refused.

    Attributes:
        key: one freeze a key is in force at a time; a heard one has its cause's.
        until: from when on it refuses nothing more; None: until somebody ends it.
    """

    id: str
    tenant: TenantId
    key: str
    level: Level
    reason: str
    since: datetime
    environment: str = ""
    until: datetime | None = None
    by: str = ""
    source: str = "told"
    ended_at: datetime | None = None
    ended_by: str = ""

    def __post_init__(self) -> None:
        if not self.reason.strip() or len(self.reason) > MAX_TEXT:
            raise UnusableChange(f"a freeze has a reason, at most {MAX_TEXT} characters")
        if self.until is not None and self.until <= self.since:
            raise UnusableChange("a freeze ends after it begins")

    def covers(self, tenant: str, environment: str) -> bool:
        """Whether it is about this; the platform's is about everybody.

        What is about no single environment is about each: a freeze of any covers it.
        """
        of = not environment or self.environment in ("", environment)
        return of and self.tenant in (tenant, PLATFORM)

    def refuses(self, purpose: Purpose, kind: ChangeKind) -> bool:
        """Whether such a change must wait. A rollback never does, but when all is frozen."""
        if kind is ChangeKind.ROLLBACK:
            return self.level is Level.EVERYTHING
        if kind is ChangeKind.CONFIG and purpose is Purpose.FEATURE:
            return self.level in CONFIG_TOO
        return purpose in REFUSED[self.level]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether one may change something now, and which freezes say no."""

    allowed: bool
    freezes: tuple[Freeze, ...]


def judge(freezes: Sequence[Freeze], purpose: Purpose, kind: ChangeKind) -> Verdict:
    """What ``freezes``, all in force and about it, say of a change."""
    refusing = tuple(one for one in freezes if one.refuses(purpose, kind))
    return Verdict(allowed=not refusing, freezes=refusing)
