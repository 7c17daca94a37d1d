"""What audiences tell: that one was written or removed."""

from dataclasses import dataclass
from typing import ClassVar

from quarterdeck.kernel.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceWritten(Event):
    """Somebody wrote an audience, or changed it.

    Attributes:
        digest: SHA-256 of what it says, as JSON with sorted keys, hexadecimal.
    """

    action: ClassVar[str] = "audiences:write"
    about: ClassVar[str] = "audience"
    public: ClassVar[frozenset[str]] = frozenset({"audience", "version", "digest"})
    audience: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceRemoved(Event):
    """Somebody took an audience away."""

    action: ClassVar[str] = "audiences:remove"
    about: ClassVar[str] = "audience"
    public: ClassVar[frozenset[str]] = frozenset({"audience", "version"})
    audience: str
    version: str
