"""What can be wrong with a request before a use case sees it, or with its answer after."""

from quarterdeck.kernel.errors import Conflict, Forbidden, Invalid, NotFound, QuarterdeckError


class Malformed(Invalid):
    """The request cannot be read: its syntax or its encoding is wrong."""


class ForeignHost(Malformed):
    """The Host header names none of this installation's hosts."""


class InvalidRequest(Invalid):
    """The request can be read, but breaks the rules of its form; ``errors`` says where.

    Attributes:
        errors: each with ``detail`` and either ``pointer`` (a JSON pointer into the body,
            RFC 6901, as a URI fragment) or ``parameter`` (its name) and ``location``.
    """

    def __init__(self, message: str, errors: tuple[dict[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.errors = errors


class RouteNotFound(NotFound):
    """Nothing is served at this path."""


class MethodNotAllowed(Invalid):
    """The path exists, but not for this method; the Allow header lists those it has."""


class PreconditionFailed(Conflict):
    """The thing has changed since it was read: its ETag is not the one in If-Match."""


class TooLarge(Invalid):
    """The request's body is larger than this installation accepts."""


class HeadTooLarge(Invalid):
    """The request's address and headers are larger than this installation accepts."""


class TooSlow(Invalid):
    """The request took too long to come; ask again."""


class UnsupportedMediaType(Invalid):
    """The request's body is of a kind that this path does not read."""


class CsrfMismatch(Forbidden):
    """The request rides on a browser's session, but lacks the token of its pages."""


class InternalError(QuarterdeckError):
    """Something broke on our side; the log has it under the request id."""
