"""Errors a caller can act on. Anything else is a bug, and becomes a 500."""


class QuarterdeckError(Exception):
    """Base of every expected failure.

    The class says what happened and is stable; the message is for people.
    """


class Invalid(QuarterdeckError):
    """The request breaks a rule of the domain."""


class Forbidden(QuarterdeckError):
    """The actor may not do this."""


class NotFound(QuarterdeckError):
    """No such thing, or none that this actor may see."""


class Conflict(QuarterdeckError):
    """The request was right once, but the state has moved on."""


class Unavailable(QuarterdeckError):
    """A dependency failed; the same request may succeed later.

    Attributes:
        retry_after_s: whole seconds after which trying again makes sense.
    """

    def __init__(self, message: str, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
