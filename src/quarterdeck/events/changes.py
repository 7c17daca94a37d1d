"""What changes tell: what was changed, and when nothing may be."""

from dataclasses import dataclass
from typing import ClassVar

from quarterdeck.kernel.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRecorded(Event):
    """Somebody said that something was changed: deployed, configured or rotated."""

    action: ClassVar[str] = "changes:record"
    about: ClassVar[str] = "change"
    public: ClassVar[frozenset[str]] = frozenset({"change", "kind", "environment", "service"})
    change: str
    kind: str
    environment: str
    service: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesFrozen(Event):
    """Changes are refused from now on.

    Attributes:
        environment: empty: every one.
        level: features, emergency or everything.
        source: what put it in force: an actor's word, or the fact that was heard.
    """

    action: ClassVar[str] = "changes:freeze"
    about: ClassVar[str] = "freeze"
    public: ClassVar[frozenset[str]] = frozenset({"freeze", "environment", "level", "source"})
    freeze: str
    environment: str
    level: str
    reason: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesThawed(Event):
    """A freeze is over."""

    action: ClassVar[str] = "changes:thaw"
    about: ClassVar[str] = "freeze"
    public: ClassVar[frozenset[str]] = frozenset({"freeze", "environment", "level"})
    freeze: str
    environment: str
    level: str
