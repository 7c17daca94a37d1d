"""What happened in an incident: append-only, in UTC, with who did it. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Wrote(StrEnum):
    """What an entry is."""

    ALERT = "alert"
    NOTE = "note"
    ACTION = "action"
    FINDING = "finding"
    DECISION = "decision"
    UPDATE = "update"
    SEVERITY = "severity"
    STAGE = "stage"
    ROLE = "role"
    NOTICE = "notice"
    PAGE = "page"
    COMMAND = "command"
    CLOCK = "clock"
    ROOM = "room"
    CHANGE = "change"


BY_HAND = (Wrote.NOTE, Wrote.ACTION, Wrote.FINDING, Wrote.DECISION, Wrote.UPDATE)
"""What people append; all else writes itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the timeline.

    Attributes:
        number: from 1 on, in the order in which they were written.
        at: when it happened; people may tell of what was before.
        by: who did it; empty: nobody, it was a clock.
        link: where the evidence is, if anywhere.
    """

    number: int
    at: datetime
    kind: Wrote
    by: str
    text: str
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionItem:
    """Something that is to be done because of an incident, and who does it by when."""

    incident: str
    tenant: str
    number: int
    text: str
    owner: str
    due_at: datetime | None
    made_at: datetime
    done_at: datetime | None = None
    done_by: str = ""

    def is_late(self, now: datetime) -> bool:
        """Whether it should be done, and is not."""
        return self.done_at is None and self.due_at is not None and self.due_at < now
