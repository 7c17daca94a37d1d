"""Why an event is refused: a reason, a field, and words that say what to do."""

from quarterdeck.kernel.errors import Conflict, Invalid, Unavailable


class EventRefused(Invalid):
    """The event cannot be taken as it is.

    Attributes:
        reason: schema, version, field, type, size, source or class.
        field: as ``actor.id``; empty: the event as a whole.
    """

    def __init__(self, reason: str, field: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.field = field

    @property
    def errors(self) -> tuple[dict[str, str], ...]:
        """The one rule that it breaks, for a problem document."""
        pointer = "".join(f"/{part}" for part in self.field.split(".") if part)
        return ({"detail": str(self), "pointer": f"#{pointer}"},)


class IdempotencyKeyReused(Invalid):
    """The key was used for an event with another body."""

    reason = "key"


class EventInFlight(Conflict):
    """The same event is being taken now; ask again."""

    reason = "in_flight"


class IngestUnavailable(Unavailable):
    """Nothing can be taken now."""


Refusal = EventRefused | IdempotencyKeyReused | EventInFlight
