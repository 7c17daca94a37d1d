"""What the trail tells the rest of the platform."""

from dataclasses import dataclass
from typing import ClassVar

from quarterdeck.kernel.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldsDisclosed(Event):
    """An actor read the committed fields of one record; ``fields`` are their paths."""

    action: ClassVar[str] = "trail:disclose"
    about: ClassVar[str] = "record"
    public: ClassVar[frozenset[str]] = frozenset({"record", "index", "fields"})
    record: str
    index: int
    fields: list[str]
