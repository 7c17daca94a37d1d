"""What exports tell the rest of the platform."""

from dataclasses import dataclass
from typing import ClassVar

from quarterdeck.kernel.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportScheduled(Event):
    """Something of the estate is exported from now on, every ``every_s`` seconds."""

    action: ClassVar[str] = "exports:create"
    about: ClassVar[str] = "export"
    public: ClassVar[frozenset[str]] = frozenset({"export", "what", "every_s"})
    export: str
    name: str
    what: str
    every_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRemoved(Event):
    """It is exported no more; its files are gone."""

    action: ClassVar[str] = "exports:remove"
    about: ClassVar[str] = "export"
    public: ClassVar[frozenset[str]] = frozenset({"export"})
    export: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportWritten(Event):
    """A file was written.

    Attributes:
        digest: SHA-256 of its bytes, hex: what the file must hash to, wherever it went.
    """

    action: ClassVar[str] = "exports:write"
    about: ClassVar[str] = "export"
    public: ClassVar[frozenset[str]] = frozenset({"export", "file", "rows", "size_bytes", "digest"})
    export: str
    name: str
    file: str
    rows: int
    size_bytes: int
    digest: str
