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


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldsSearched(Event):
    """An actor looked for records by the exact value of committed fields, one page of them.

    ``fields`` are their paths, ``records`` the indices of what was found; the value is not told.
    """

    action: ClassVar[str] = "trail:search"
    about: ClassVar[str] = "search"
    public: ClassVar[frozenset[str]] = frozenset({"search", "fields", "records"})
    search: str
    fields: list[str]
    records: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySet(Event):
    """A policy of the trail got a new version; ``digest`` is of its document.

    A classification holds from this record on.
    """

    action: ClassVar[str] = "policies:write"
    about: ClassVar[str] = "kind"
    public: ClassVar[frozenset[str]] = frozenset({"kind", "version", "digest"})
    kind: str
    version: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TamperDetected(Event):
    """A check found that what is stored is not what was signed.

    ``where`` and ``what`` say it as ``trail verify`` does; ``size`` leaves stood then, what
    comes after them is in quarantine.
    """

    action: ClassVar[str] = "integrity:detect"
    about: ClassVar[str] = "investigation"
    outcome: ClassVar[str] = "failure"
    public: ClassVar[frozenset[str]] = frozenset({"investigation", "where", "what", "size"})
    investigation: str
    where: str
    what: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezePlaced(Event):
    """Purge and export were frozen; ``suspicion`` is ``tampering`` or ``data-loss``.

    Attributes:
        incident: which suspected it; empty: none did.
    """

    action: ClassVar[str] = "integrity:freeze"
    about: ClassVar[str] = "investigation"
    public: ClassVar[frozenset[str]] = frozenset(
        {"investigation", "suspicion", "reason", "incident"}
    )
    investigation: str
    suspicion: str
    reason: str
    incident: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeLifted(Event):
    """An investigation ended: ``result`` is ``confirmed`` or ``false-positive``."""

    action: ClassVar[str] = "integrity:unfreeze"
    about: ClassVar[str] = "investigation"
    public: ClassVar[frozenset[str]] = frozenset({"investigation", "result", "root_cause"})
    investigation: str
    result: str
    root_cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TamperConfirmed(Event):
    """Tampering is certain: an incident of this severity, these teams, evidence held."""

    action: ClassVar[str] = "integrity:confirm"
    about: ClassVar[str] = "investigation"
    outcome: ClassVar[str] = "failure"
    public: ClassVar[frozenset[str]] = frozenset(
        {"investigation", "severity", "teams", "where", "what"}
    )
    investigation: str
    severity: str
    teams: list[str]
    where: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceReleased(Event):
    """What a confirmed investigation held may be purged again."""

    action: ClassVar[str] = "integrity:release"
    about: ClassVar[str] = "investigation"
    public: ClassVar[frozenset[str]] = frozenset({"investigation"})
    investigation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentSealed(Event):
    """Records ``start`` to ``end`` of a log were sealed; ``digest`` is of the manifest."""

    action: ClassVar[str] = "segments:seal"
    about: ClassVar[str] = "segment"
    public: ClassVar[frozenset[str]] = frozenset({"segment", "start", "end", "digest"})
    leaf: ClassVar[bool] = False
    segment: str
    start: int
    end: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeyRotated(Event):
    """A log's signing key was replaced; ``incident`` links an emergency."""

    action: ClassVar[str] = "keys:rotate"
    about: ClassVar[str] = "key"
    public: ClassVar[frozenset[str]] = frozenset({"key", "old", "reason", "incident", "size"})
    key: str
    old: str
    reason: str
    incident: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysWrapped(Event):
    """A KMS wraps the keys of all logs from now on; ``files`` were sealed."""

    action: ClassVar[str] = "keys:wrap"
    about: ClassVar[str] = "kms"
    public: ClassVar[frozenset[str]] = frozenset({"kms", "version", "files"})
    kms: str
    version: str
    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysRewrapped(Event):
    """Another version of the KMS's key, or another KMS, wraps the keys of all logs."""

    action: ClassVar[str] = "keys:rewrap"
    about: ClassVar[str] = "kms"
    public: ClassVar[frozenset[str]] = frozenset({"kms", "version", "before"})
    kms: str
    version: str
    before: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysUnwrapped(Event):
    """No KMS wraps the keys of logs any more; ``files`` lie open to whoever reads the folder."""

    action: ClassVar[str] = "keys:unwrap"
    about: ClassVar[str] = "kms"
    public: ClassVar[frozenset[str]] = frozenset({"kms", "files"})
    kms: str
    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionPaused(Event):
    """A projection was held, for every log; what comes meanwhile waits for it."""

    action: ClassVar[str] = "projections:pause"
    about: ClassVar[str] = "projection"
    public: ClassVar[frozenset[str]] = frozenset({"projection"})
    projection: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionResumed(Event):
    """A projection goes on where it stood."""

    action: ClassVar[str] = "projections:resume"
    about: ClassVar[str] = "projection"
    public: ClassVar[frozenset[str]] = frozenset({"projection"})
    projection: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionRebuilt(Event):
    """A projection of the tenant's log was made anew, or compared only (``dry``).

    ``missing`` and ``surplus`` rows were not as the log says; ``where``: the first of them.
    """

    action: ClassVar[str] = "projections:rebuild"
    about: ClassVar[str] = "projection"
    public: ClassVar[frozenset[str]] = frozenset(
        {"projection", "dry", "records", "rows", "missing", "surplus", "since", "until", "where"}
    )
    projection: str
    dry: bool
    records: int
    rows: int
    missing: int
    surplus: int
    since: str
    until: str
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemObserved(Event):
    """A limit was crossed: a problem that runbook 004 names, with the value and its limit."""

    action: ClassVar[str] = "problems:observe"
    about: ClassVar[str] = "problem"
    outcome: ClassVar[str] = "failure"
    public: ClassVar[frozenset[str]] = frozenset({"problem", "value", "limit", "unit", "words"})
    leaf: ClassVar[bool] = False
    problem: str
    value: float
    limit: float
    unit: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemEnded(Event):
    """What was observed is within its limit again."""

    action: ClassVar[str] = "problems:end"
    about: ClassVar[str] = "problem"
    public: ClassVar[frozenset[str]] = frozenset({"problem"})
    leaf: ClassVar[bool] = False
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointsNoted(Event):
    """The day's signed checkpoints of some logs, to be sent away from here, to ``to``.

    ``notes`` are the notes as they were published, each below a line that names its tenant;
    ``part`` counts those of a ``run``, the id of the job that read them, from 1 on.
    """

    action: ClassVar[str] = "witnesses:note"
    about: ClassVar[str] = "day"
    leaf: ClassVar[bool] = False
    day: str
    run: str
    part: int
    to: str
    logs: int
    notes: str
