"""What people do to alert rules."""

from dataclasses import dataclass
from typing import ClassVar

from quarterdeck.kernel.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleApplied(Event):
    """Somebody changed an alert rule: wrote, enabled, disabled, rolled back or deleted it.

    Attributes:
        version: that came of it, from 1 on.
        how: ``applied``, ``enabled``, ``disabled``, ``rolled back to N`` or ``deleted``.
        why: in the words of whoever did it.
        digest: SHA-256 of the rule as it is kept, hexadecimal.
    """

    action: ClassVar[str] = "rules:write"
    about: ClassVar[str] = "rule"
    public: ClassVar[frozenset[str]] = frozenset({"rule", "version", "how", "digest"})
    rule: str
    version: str
    how: str
    why: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineRecorded(Event):
    """Somebody recorded what is usual of the numbers that a rule looks at.

    Attributes:
        things: of how many things.
    """

    action: ClassVar[str] = "rules:baseline"
    about: ClassVar[str] = "rule"
    public: ClassVar[frozenset[str]] = frozenset({"rule", "things"})
    rule: str
    things: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesImported(Event):
    """Somebody brought in alert rules, many at once.

    Attributes:
        count: how many were made or changed.
        digest: SHA-256 over a line for each of them, in order: its name, and it as it is kept;
            hexadecimal.
    """

    action: ClassVar[str] = "rules:import"
    public: ClassVar[frozenset[str]] = frozenset({"count", "digest"})
    count: int
    digest: str
    why: str
