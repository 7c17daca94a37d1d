"""What packs tell the rest of the platform."""

from dataclasses import dataclass
from typing import ClassVar

from quarterdeck.kernel.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PackApplied(Event):
    """Policy was set from a pack; ``digest`` is SHA-256 of its files, hex."""

    action: ClassVar[str] = "packs:apply"
    about: ClassVar[str] = "pack"
    public: ClassVar[frozenset[str]] = frozenset({"pack", "version", "digest", "added", "changed"})
    pack: str
    version: str
    digest: str
    added: int
    changed: int
