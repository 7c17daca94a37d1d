"""A policy as it is kept, and as it was. Pure."""

from dataclasses import dataclass
from datetime import datetime

APPLIED, DELETED = "applied", "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A policy as it was from ``at`` on, until its next version.

    Attributes:
        text: the document that is kept.
        how: ``applied``, ``put back to N``, ``deleted``.
        why: in the words of whoever did it.
    """

    tenant: str
    name: str
    version: int
    text: str
    by: str
    at: datetime
    how: str = APPLIED
    why: str = ""
