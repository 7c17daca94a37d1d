"""What severities tell: a ladder that was written."""

from dataclasses import dataclass
from typing import ClassVar

from quarterdeck.kernel.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderWritten(Event):
    """Somebody said anew which severities a tenant has, and what each demands.

    Attributes:
        digest: SHA-256 of what it says, as JSON with sorted keys, hexadecimal.
    """

    action: ClassVar[str] = "severities:write"
    about: ClassVar[str] = "version"
    public: ClassVar[frozenset[str]] = frozenset({"version", "digest"})
    version: str
    digest: str
