"""One line that a process of the platform said. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from quarterdeck.kernel.errors import Invalid

REQUEST = "request"
"""What the web process calls the line that it writes for each request."""


class UnusableQuestion(Invalid):
    """A question about logs that cannot be answered; the message says where, and why."""


class Level(StrEnum):
    """How grave it is; graver is later."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


RANKS = {level.value: rank for rank, level in enumerate(Level)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line.

    Attributes:
        service: the role that said it: web, worker.
        event: what it said; fields: what it said with it.
    """

    at: datetime
    level: str
    service: str
    event: str
    fields: Mapping[str, Any]

    @property
    def text(self) -> str:
        """All of it in one string, for who looks for words."""
        return " ".join([self.event, *(f"{key}={value}" for key, value in self.fields.items())])


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which lines: from ``since`` (included) to ``until`` (not), as grave as ``level`` or graver.

    Attributes:
        service, text: empty: all. Text is looked for as it stands, in any case.
    """

    since: datetime
    until: datetime
    service: str = ""
    level: Level = Level.DEBUG
    text: str = ""

    def wants(self, entry: Entry) -> bool:
        """Whether it asks for ``entry``."""
        return (
            self.since <= entry.at < self.until
            and self.service in ("", entry.service)
            and RANKS.get(entry.level, len(RANKS)) >= RANKS[self.level]
            and (not self.text or self.text.casefold() in entry.text.casefold())
        )


def entry_of(said: Mapping[str, Any]) -> Entry | None:
    """A line as it was written, as what it means; None where it lacks its time or its words."""
    try:
        at = datetime.fromisoformat(str(said["timestamp"]))
    except (KeyError, ValueError):
        return None
    known = ("timestamp", "level", "service", "event")
    return Entry(
        at=at if at.tzinfo else at.replace(tzinfo=UTC),
        level=str(said.get("level", "info")),
        service=str(said.get("service", "")),
        event=str(said.get("event", "")),
        fields={key: value for key, value in said.items() if key not in known},
    )
