"""What is kept, and what is not any more: holds, purges, erasures."""

from dataclasses import dataclass
from typing import ClassVar

from quarterdeck.kernel.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPlaced(Event):
    """A legal hold was placed, or kept where its release was asked for.

    Attributes:
        covers: ``tenant``, ``subject``, ``range``, ``actor`` or ``resource``.
        incident: whose evidence it keeps; empty: a person placed it.
    """

    action: ClassVar[str] = "holds:place"
    about: ClassVar[str] = "hold"
    public: ClassVar[frozenset[str]] = frozenset(
        {"hold", "version", "covers", "since", "until", "incident"}
    )
    hold: str
    version: int
    covers: str
    value: str
    since: int | None
    until: int | None
    reason: str
    incident: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldReleaseAsked(Event):
    """One person asked that a hold be released; it holds until another agrees."""

    action: ClassVar[str] = "holds:ask"
    about: ClassVar[str] = "hold"
    public: ClassVar[frozenset[str]] = frozenset({"hold", "version"})
    hold: str
    version: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldReleased(Event):
    """A hold was released: what it covered may be purged and erased again."""

    action: ClassVar[str] = "holds:release"
    about: ClassVar[str] = "hold"
    public: ClassVar[frozenset[str]] = frozenset({"hold", "version"})
    hold: str
    version: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRefused(Event):
    """A purge or an erasure (``wanted``) was refused because of ``holds``."""

    action: ClassVar[str] = "holds:refuse"
    about: ClassVar[str] = "hold"
    outcome: ClassVar[str] = "denied"
    public: ClassVar[frozenset[str]] = frozenset({"hold", "holds", "wanted"})
    hold: str
    holds: list[str]
    wanted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsPurged(Event):
    """The entries of records were removed by policy; their hashes stay, and every proof holds.

    ``ranges`` are pairs: the first index, and the one after the last. Who verifies the log
    finds each removed entry named by such a record.
    """

    action: ClassVar[str] = "retention:purge"
    about: ClassVar[str] = "purge"
    public: ClassVar[frozenset[str]] = frozenset({"purge", "ranges", "count", "policy"})
    purge: str
    ranges: list[list[int]]
    count: int
    policy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgedCopiesCleared(Event):
    """Copies of purged records in the segment store were removed: their lock had ended."""

    action: ClassVar[str] = "retention:clear"
    about: ClassVar[str] = "purge"
    public: ClassVar[frozenset[str]] = frozenset({"purge", "count"})
    purge: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectKeysDropped(Event):
    """Data keys that sealed nothing any more, after a purge, were destroyed."""

    action: ClassVar[str] = "retention:drop"
    public: ClassVar[frozenset[str]] = frozenset({"keys"})
    keys: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureRequested(Event):
    """Somebody asked that a subject's data be erased (GDPR, article 17)."""

    action: ClassVar[str] = "erasure:request"
    about: ClassVar[str] = "erasure"
    public: ClassVar[frozenset[str]] = frozenset({"erasure", "subject_tag"})
    erasure: str
    subject_tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureApproved(Event):
    """A second person agreed to an erasure, or policy needs none."""

    action: ClassVar[str] = "erasure:approve"
    about: ClassVar[str] = "erasure"
    public: ClassVar[frozenset[str]] = frozenset({"erasure", "subject_tag"})
    erasure: str
    subject_tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureRefused(Event):
    """An erasure ended without erasing: declined, or a hold or a freeze came in its way."""

    action: ClassVar[str] = "erasure:refuse"
    about: ClassVar[str] = "erasure"
    outcome: ClassVar[str] = "denied"
    public: ClassVar[frozenset[str]] = frozenset({"erasure", "subject_tag"})
    erasure: str
    subject_tag: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectErased(Event):
    """A subject's data keys were destroyed: what they sealed cannot be read any more.

    ``certificate`` is a signed note that says what was erased and what it could not reach.
    ``subject_tag`` is the same for the same subject of a tenant, and tells nobody who it is.
    ``person`` is the principal's opaque id, where the subject is one; else empty.
    """

    action: ClassVar[str] = "erasure:complete"
    about: ClassVar[str] = "erasure"
    public: ClassVar[frozenset[str]] = frozenset(
        {"erasure", "subject_tag", "keys", "certificate", "person"}
    )
    erasure: str
    subject_tag: str
    keys: int
    certificate: str
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplianceViolated(Event):
    """The running check found that records stand against the tenant's retention or residency.

    Attributes:
        promise: which is broken: ``stored-in-region``, ``came-from-region``,
            ``purged-in-time`` or ``kept-long-enough``.
        investigation: that was opened, and freezes until somebody says how it ended.
    """

    action: ClassVar[str] = "compliance:violate"
    about: ClassVar[str] = "promise"
    outcome: ClassVar[str] = "failure"
    public: ClassVar[frozenset[str]] = frozenset({"promise", "records", "words", "investigation"})
    promise: str
    records: int
    words: str
    investigation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplianceRestored(Event):
    """What was found to be against retention or residency is not there any more."""

    action: ClassVar[str] = "compliance:restore"
    about: ClassVar[str] = "promise"
    public: ClassVar[frozenset[str]] = frozenset({"promise", "investigation"})
    promise: str
    investigation: str
