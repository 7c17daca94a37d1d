"""An investigation: what was suspected, what it stops, and how it ended."""

from dataclasses import dataclass
from enum import StrEnum

from quarterdeck.kernel.errors import Conflict, Invalid, NotFound, Unavailable
from quarterdeck.kernel.ids import PLATFORM

MAX_WORDS = 2000
INCIDENT = "incident/"


class Suspicion(StrEnum):
    """What is looked into. Data loss stops ingest too; nothing else does.

    What stands longer than it may is purged all the same: the purge is the cure.
    """

    TAMPERING = "tampering"
    DATA_LOSS = "data-loss"
    COMPLIANCE = "compliance"
    OVERDUE = "kept-too-long"


BY_HAND = (Suspicion.TAMPERING, Suspicion.DATA_LOSS)
"""What a person may suspect; the others the running check finds."""


class Outcome(StrEnum):
    """How an investigation ends (runbook 004, topic 33, steps 4 and 5)."""

    CONFIRMED = "confirmed"
    FALSE_POSITIVE = "false-positive"


class Frozen(Conflict):
    """Purge and export are frozen while an investigation is open."""


class EvidenceHeld(Conflict):
    """What a confirmed investigation holds as evidence is not purged."""


class IngestStopped(Unavailable):
    """Nothing is accepted while a loss of data is looked into; reads work."""


class InvestigationNotFound(NotFound):
    """No such open investigation."""


class InvestigationUnclear(Conflict):
    """Several investigations are open: say which."""


class OutcomeMissing(Invalid):
    """An investigation ends with an outcome and its root cause."""


class ReasonMissing(Invalid):
    """A freeze has a reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Investigation:
    """One look into the trail. While it is open, purge and export are frozen.

    Attributes:
        tenant: whose log; PLATFORM: every log.
        where, what: of the finding that opened it, or ``incident/ID`` and the incident's title;
            empty where a person opened it.
        quarantine_from: index of the first leaf that came while it was open; None where it
            concerns every log, each of which has a ``Quarantine`` of its own.
        quarantine_to: index after the last; None while it is open.
        outcome: empty while it is open.
        evidence_held: purge stays refused, whatever happened to the freeze.
    """

    id: str
    tenant: str
    suspicion: Suspicion
    reason: str
    opened_by: str
    opened_at: int
    where: str = ""
    what: str = ""
    quarantine_from: int | None = None
    quarantine_to: int | None = None
    outcome: str = ""
    root_cause: str = ""
    closed_by: str = ""
    closed_at: int | None = None
    evidence_held: bool = False

    @property
    def open(self) -> bool:
        return not self.outcome

    @property
    def incident(self) -> str:
        """The incident that opened it; empty: none did."""
        return self.where.removeprefix(INCIDENT) if self.where.startswith(INCIDENT) else ""

    @property
    def stops_ingest(self) -> bool:
        """Whether nothing is accepted while it is open."""
        return self.open and self.suspicion is Suspicion.DATA_LOSS

    @property
    def stops_purge(self) -> bool:
        """Whether purge is refused while it is open."""
        return self.suspicion is not Suspicion.OVERDUE

    def concerns(self, tenant: str) -> bool:
        """Whether it stands in the way of what is done to the tenant's log."""
        return self.tenant in (tenant, PLATFORM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantine:
    """Records of one log that came while tampering with it, or a loss, was looked into.

    Attributes:
        first: index of the first.
        end: index after the last; None while it is looked into.
        outcome: of the investigation; empty while it is open.
    """

    investigation: str
    tenant: str
    first: int
    end: int | None
    outcome: str = ""

    @property
    def in_doubt(self) -> bool:
        """Whether its records are not to be relied upon: not where nothing was wrong."""
        return self.outcome != Outcome.FALSE_POSITIVE

    def overlaps(self, first: int, end: int) -> bool:
        """Whether one of the records from ``first`` to before ``end`` is in it."""
        last = end if self.end is None else min(self.end, end)
        return max(first, self.first) < last


def words(text: str, missing: type[Invalid], what: str) -> str:
    """``text`` without the space around it.

    Raises:
        Invalid (``missing``): it is empty, or longer than 2,000 letters.
    """
    stripped = text.strip()
    if not stripped or len(stripped) > MAX_WORDS:
        raise missing(f"{what} is needed, in 1 to {MAX_WORDS} letters")
    return stripped
