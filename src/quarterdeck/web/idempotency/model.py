"""Keys, claims and kept answers."""

from dataclasses import dataclass

from quarterdeck.kernel.errors import Conflict, Invalid


class KeyReused(Invalid):
    """The Idempotency-Key was used for another request, or with other rights; make a new key."""


class InFlight(Conflict):
    """The first request under this Idempotency-Key is not answered yet."""


class ClaimLost(Conflict):
    """The request took so long that its Idempotency-Key was given to a repetition of it."""


class AnswerNotKept(Conflict):
    """The request was done, but its answer held a secret that is shown once, or was too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to do the request that ``actor`` made under ``key``, once.

    Attributes:
        digest: of the request: method, path, query, kind, body and the actor's rights.
        token: tells this claim from an earlier one that was taken over.
    """

    actor: str
    key: str
    digest: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The answer a request got. ``body`` is None where it must not be kept."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
