"""An event as an application tells it, before the trail makes a record of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.ids import uuid7

Outcome = Literal["success", "failure", "denied"]

SCHEMA_VERSION = 2


@dataclass(frozen=True, slots=True)
class Party:
    """Who acted, or what was acted on. ``id`` is opaque: no name, no address."""

    type: str
    id: str

    def __post_init__(self) -> None:
        if not self.type or not self.id:
            raise ValueError(f"a party needs a type and an id, got {self.type!r} and {self.id!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that was done, tried or refused.

    Attributes:
        action: ``noun:verb``, such as ``orders:create``.
        payload: any JSON object. A field that no policy of the trail classifies is kept
            sealed and is not shown.
        changes: what was before and is after, as a JSON object.
        trace, request: ids of the trace and the request that it belongs to.
        occurred_at: aware; now unless told otherwise.
        id: a UUID; sent again with the same id, the event is still recorded once.
    """

    action: str
    actor: Party
    resource: Party
    outcome: Outcome = "success"
    payload: Mapping[str, Any] = field(default_factory=dict)
    changes: Mapping[str, Any] | None = None
    trace: str | None = None
    request: str | None = None
    occurred_at: datetime = field(default_factory=utc_now)
    id: str = field(default_factory=lambda: uuid7(utc_now()))

    def __post_init__(self) -> None:
        if not self.action:
            raise ValueError("an event needs an action, such as orders:create")
        if self.occurred_at.tzinfo is None:
            raise ValueError("occurred_at needs a time zone: use datetime.now(UTC)")

    def members(self, source_seq: int) -> dict[str, Any]:
        """The JSON object that the trail takes, the ``source_seq``-th of its source."""
        return {
            "schema_version": SCHEMA_VERSION,
            "id": self.id,
            "occurred_at": self.occurred_at.isoformat(timespec="microseconds"),
            "actor": {"type": self.actor.type, "id": self.actor.id},
            "action": self.action,
            "resource": {"type": self.resource.type, "id": self.resource.id},
            "outcome": self.outcome,
            "correlation": {"trace": self.trace, "request": self.request},
            "source_seq": source_seq,
            "payload": self.payload,
            "changes": self.changes,
        }
