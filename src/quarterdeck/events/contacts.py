"""What the directory tells: contacts that were written or removed."""

from dataclasses import dataclass
from typing import ClassVar

from quarterdeck.kernel.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactWritten(Event):
    """Somebody entered a contact, or changed it.

    Attributes:
        digest: SHA-256 of what it says, as JSON with sorted keys, hexadecimal.
    """

    action: ClassVar[str] = "contacts:write"
    about: ClassVar[str] = "contact"
    public: ClassVar[frozenset[str]] = frozenset({"contact", "version", "digest"})
    contact: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRemoved(Event):
    """Somebody took a contact out of the directory."""

    action: ClassVar[str] = "contacts:remove"
    about: ClassVar[str] = "contact"
    public: ClassVar[frozenset[str]] = frozenset({"contact", "version"})
    contact: str
    version: str
