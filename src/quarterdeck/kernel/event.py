"""What an event is."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a tenant. Named in the past tense.

    The class constants say how it stands in the tenant's log:

    Attributes:
        action: what was done, as ``resource:verb``, the word of its permission.
        about: the name of the field whose value identifies what it was done to; the
            part of ``action`` before the colon is that thing's type.
        public: fields that a leaf may show in clear to every reader of the log. The
            others are committed: their salted digest stands in the leaf, their value
            elsewhere, under a key that erasure can destroy.
        outcome: ``success``, ``failure`` or ``denied``.
        leaf: False for facts that no actor or policy caused; they leave no leaf.
    """

    action: ClassVar[str]
    about: ClassVar[str] = "tenant"
    public: ClassVar[frozenset[str]] = frozenset()
    outcome: ClassVar[str] = "success"
    leaf: ClassVar[bool] = True

    tenant: str
