"""What incidents tell: declared, led, told of, learnt from."""

from dataclasses import dataclass
from typing import ClassVar

from quarterdeck.kernel.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class OfIncident(Event):
    """Something about an incident; no event by itself."""

    action: ClassVar[str] = "incidents:write"
    about: ClassVar[str] = "incident"
    public: ClassVar[frozenset[str]] = frozenset({"incident"})
    incident: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentDeclared(OfIncident):
    """An incident was declared.

    Attributes:
        source: alert, report, anomaly, rule, burn or api.
        cause: what began it: ``alert/12``; empty: somebody saw it.
    """

    action: ClassVar[str] = "incidents:open"
    public: ClassVar[frozenset[str]] = frozenset({"incident", "severity", "source", "cause"})
    severity: str
    source: str
    cause: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentAcknowledged(OfIncident):
    """Somebody said that they are on an incident."""

    action: ClassVar[str] = "incidents:acknowledge"
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentAdvanced(OfIncident):
    """An incident came to another stage, past every gate between."""

    action: ClassVar[str] = "incidents:advance"
    public: ClassVar[frozenset[str]] = frozenset({"incident", "stage", "status"})
    stage: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentSeverityChanged(OfIncident):
    """Somebody said that an incident is worse, or less bad, than was thought, and why."""

    action: ClassVar[str] = "incidents:escalate"
    public: ClassVar[frozenset[str]] = frozenset({"incident", "old", "new"})
    old: str
    new: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentDescribed(OfIncident):
    """Somebody wrote down more of an incident: impact, cause, resolution, flags.

    Attributes:
        fields: which were changed.
        digest: SHA-256 of the whole incident, as JSON with sorted keys, hexadecimal.
    """

    public: ClassVar[frozenset[str]] = frozenset({"incident", "fields", "digest"})
    fields: list[str]
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataLossSuspected(OfIncident):
    """An incident suspects a loss of data: nothing more is accepted, and what there is is held.

    Attributes:
        logs: the tenants whose logs are meant; ``_platform``: every log.
    """

    action: ClassVar[str] = "incidents:suspect"
    public: ClassVar[frozenset[str]] = frozenset({"incident", "logs"})
    title: str
    logs: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRoleGiven(OfIncident):
    """Somebody took a role in an incident, or left it: then ``person`` is empty."""

    action: ClassVar[str] = "incidents:assign"
    public: ClassVar[frozenset[str]] = frozenset({"incident", "role"})
    role: str
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentNoted(OfIncident):
    """Somebody appended to an incident's timeline: a note, action, finding, decision or update."""

    action: ClassVar[str] = "incidents:note"
    public: ClassVar[frozenset[str]] = frozenset({"incident", "kind"})
    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentActionAdded(OfIncident):
    """Something is to be done because of an incident."""

    action: ClassVar[str] = "incidents:act"
    public: ClassVar[frozenset[str]] = frozenset({"incident", "number"})
    number: str
    text: str
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentTicked(OfIncident):
    """An action item, or an item of the checklist, was done, or is not any more.

    Attributes:
        list: ``action`` or ``checklist``.
    """

    action: ClassVar[str] = "incidents:tick"
    public: ClassVar[frozenset[str]] = frozenset({"incident", "list", "number", "done"})
    list: str
    number: str
    done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AudiencesTold(OfIncident):
    """Audiences were told of an incident, each in its own words; those stand on its timeline.

    Attributes:
        audiences: their names; ``versions`` of their words, in the same order.
        ways: how many addresses and channels.
    """

    action: ClassVar[str] = "incidents:update"
    public: ClassVar[frozenset[str]] = frozenset({"incident", "audiences", "versions", "ways"})
    audiences: list[str]
    versions: list[int]
    ways: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeApproved(OfIncident):
    """Legal approved that customers are told of an incident."""

    action: ClassVar[str] = "notices:approve"
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomersTold(OfIncident):
    """Customers were told of an incident.

    Attributes:
        tenants: whose customers: those that are affected.
        people: how many addresses.
    """

    action: ClassVar[str] = "notices:send"
    public: ClassVar[frozenset[str]] = frozenset({"incident", "tenants", "people"})
    tenants: list[str]
    people: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegulatorTold(OfIncident):
    """A regulator was told of an incident."""

    action: ClassVar[str] = "notices:regulator"
    public: ClassVar[frozenset[str]] = frozenset({"incident", "regulator"})
    regulator: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PostmortemWritten(OfIncident):
    """What was learnt of an incident was written down, approved, or both."""

    action: ClassVar[str] = "postmortems:write"
    public: ClassVar[frozenset[str]] = frozenset({"incident", "closed", "approved", "digest"})
    closed: bool
    approved: bool
    digest: str
