"""An incident as it stands. What happened to it stands in its timeline. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from quarterdeck.kernel.clock import since
from quarterdeck.kernel.text import is_storable
from quarterdeck.operations.incidents.model.faults import UnusableIncident
from quarterdeck.operations.incidents.model.stage import Stage, Status, status_at
from quarterdeck.operations.severities.model import Flag, Severity

ID = re.compile(r"INC-\d{4}-\d{6,}")
MAX_LINE, MAX_TEXT, MAX_MANY = 500, 10_000, 200
LINKS = ("logs", "metrics", "traces", "dashboard", "ticket", "vendor-ticket", "runbook")
"""What an incident is linked with, by these words."""

GATED = frozenset({Flag.SECURITY, Flag.DATA_LOSS})
"""With one of these, customers are told only once Legal approved (runbook 004, L741, L821)."""


class Source(StrEnum):
    """How it came to be known."""

    ALERT = "alert"
    REPORT = "report"
    ANOMALY = "anomaly"
    RULE = "rule"
    BURN = "burn"
    API = "api"


class Role(StrEnum):
    """Who does what: commander, technical lead, communications lead, scribe."""

    IC = "ic"
    TL = "tl"
    CL = "cl"
    SCRIBE = "scribe"


TITLES = {
    Role.IC: "Incident Commander",
    Role.TL: "Technical Lead",
    Role.CL: "Communications Lead",
    Role.SCRIBE: "Scribe",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What it does to whom: four boxes of runbook 000 (8.3), four lines of 004 (topic 8)."""

    outage: bool = False
    partial: bool = False
    partial_words: str = ""
    data: bool = False
    performance: bool = False
    tenants: str = ""
    users: str = ""
    integrity: str = ""

    @property
    def is_said(self) -> bool:
        """Whether anything of it is."""
        boxes = (self.outage, self.partial, self.data, self.performance)
        return any(boxes) or bool(self.users.strip() or self.tenants.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Who did it, and when."""

    at: datetime
    by: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An item of the checklist."""

    text: str
    within_min: int | None = None
    done: Done | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Postmortem:
    """What was learnt: blameless, with what went well, what did not, and the runbook's change."""

    summary: str = ""
    well: str = ""
    badly: str = ""
    runbook: str = ""
    approved: Done | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An incident as it stands.

    Attributes:
        severity: its row of the ladder, as it was when the severity was set.
        symptom: what is seen, in brief: ``High Latency``.
        environment: of its services; empty: any.
        key: what is about the same has the same; one of a key is open at a time.
        about: what began it: ``alert/12``.
        began_at: of the trouble; ``declared_at``: of the incident, from which clocks run.
        updated_at: of the last update to those who wait; None: none yet.
        flagged_at: since when it is known that data are lost or others were in: the
            regulators' clocks run from there.
        told: regulators that were told, by name.
        validated: how it was seen that all services are well again.
        notified_at: when customers were first told.
        approval: of Legal, that customers are told of what is known; None again once there is
            another of those flags.
    """

    id: str
    tenant: str
    version: int
    severity: Severity
    stage: Stage
    symptom: str
    source: Source
    declared_at: datetime
    began_at: datetime
    by: str
    service: str = ""
    environment: str = ""
    region: str = ""
    kind: str = ""
    key: str = ""
    about: str = ""
    services: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    flags: tuple[Flag, ...] = ()
    flagged_at: datetime | None = None
    impact: Impact = field(default_factory=Impact)
    symptoms: tuple[str, ...] = ()
    root_cause: tuple[str, ...] = ()
    temporary: str = ""
    permanent: str = ""
    prevention: str = ""
    validated: str = ""
    links: Mapping[str, str] = field(default_factory=dict)
    assignee: str = ""
    roles: Mapping[Role, str] = field(default_factory=dict)
    war_room: str = ""
    checklist: tuple[Item, ...] = ()
    acknowledged: Done | None = None
    updated_at: datetime | None = None
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None
    notified_at: datetime | None = None
    approval: Done | None = None
    told: Mapping[str, Done] = field(default_factory=dict)
    postmortem: Postmortem = field(default_factory=Postmortem)
    closed_at: datetime | None = None

    def __post_init__(self) -> None:
        for line in (
            *(self.symptom, self.service, self.environment, self.region),
            *(self.assignee, self.validated),
        ):
            check_line(line)
        if not self.symptom.strip():
            raise UnusableIncident("say what is seen: a symptom, in one line")
        lists = (self.services, self.tenants, self.symptoms, self.root_cause)
        if max(map(len, lists)) > MAX_MANY or len(self.checklist) > MAX_MANY:
            raise UnusableIncident(f"an incident has at most {MAX_MANY} of each")
        for line in (line for some in lists for line in some):
            check_line(line, least=1)
        for word, address in self.links.items():
            check_link(word, address)

    @property
    def status(self) -> Status:
        """What is said of it to others."""
        return status_at(self.stage)

    @property
    def is_open(self) -> bool:
        """Whether it is not resolved."""
        return self.status is not Status.RESOLVED

    @property
    def title(self) -> str:
        """In the form of runbook 004: ``[SEV-2] Ingestion High Latency in US-East``."""
        words = " ".join(word for word in (self.service, self.symptom) if word)
        place = f" in {self.region}" if self.region else ""
        return f"[{self.severity.name}] {words}{place}"

    @property
    def is_gated(self) -> bool:
        """Whether customers are told nothing yet: Legal must approve, and did not.

        A flag that was taken away again opens nothing.
        """
        return self.flagged_at is not None and self.approval is None

    def duration(self, now: datetime) -> timedelta:
        """How long it lasted, or has lasted so far."""
        return since(self.resolved_at or now, self.began_at)

    def holder(self, role: Role) -> str:
        """Who has a role; empty: nobody."""
        return self.roles.get(role, "")


def check_line(line: str, *, least: int = 0) -> None:
    """Refuse what is no line; raise UnusableIncident."""
    if not least <= len(line.strip()) or len(line) > MAX_LINE or "\n" in line:
        raise UnusableIncident(f"{line[:40]!r}: expected one line of {least} to {MAX_LINE} letters")
    if not is_storable(line):
        raise UnusableIncident("text must have no NUL and no lone surrogate")


def check_text(text: str, *, least: int = 0) -> None:
    """Refuse what is too long, or missing; raise UnusableIncident."""
    if not least <= len(text.strip()) or len(text) > MAX_TEXT:
        raise UnusableIncident(f"expected a text of {least} to {MAX_TEXT} letters")
    if not is_storable(text):
        raise UnusableIncident("text must have no NUL and no lone surrogate")


def check_link(word: str, address: str) -> None:
    """Refuse a link that nobody could follow, or that does something; raise UnusableIncident."""
    if word not in LINKS:
        raise UnusableIncident(f"no link {word[:40]!r}; there are {', '.join(LINKS)}")
    check_line(address, least=1)
    web = address.startswith(("https://", "http://", "/"))
    if word not in ("ticket", "vendor-ticket", "runbook") and not web:
        raise UnusableIncident(f"the link to {word} begins with https:// or http://")
