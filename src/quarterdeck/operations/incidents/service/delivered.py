"""What became of bulletins: each way, with what the outbox knows of it now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from quarterdeck.kernel.work import Work
from quarterdeck.operations.incidents.model.bulletin import Bulletin, Way
from quarterdeck.operations.incidents.model.incident import Incident
from quarterdeck.operations.incidents.service.keeping import own
from quarterdeck.operations.incidents.store import bulletins
from quarterdeck.operations.messages.model import SENDING, WAITING, Message

UNSENT, FORGOTTEN = "unsent", "forgotten"
"""Besides the states of a message: nothing reaches it; and the outbox keeps it no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One way, and what became of it.

    Attributes:
        state: of its message: ``waiting``, ``sending``, ``sent``, ``failed``, ``dropped``; or
            ``unsent``, ``forgotten``.
        at: since when it is so; None: it is not known any more.
        why: what went wrong, last or for good; empty: nothing did.
    """

    address: str
    state: str
    at: datetime | None
    message: str = ""
    why: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it is yet to be delivered."""
        return self.state in (WAITING, SENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A bulletin, and what became of each of its ways."""

    bulletin: Bulletin
    deliveries: tuple[Delivery, ...]


def standings(work: Work, incident: Incident, told: Sequence[Message]) -> list[Standing]:
    """By what was ``told`` about the incident; first to last. It asks for no permission."""
    known = {one.id: one for one in told}
    found = bulletins.listed(work.db, own(incident), incident.id)
    return [_standing(one, known) for one in found]


def _standing(one: Bulletin, known: dict[str, Message]) -> Standing:
    return Standing(bulletin=one, deliveries=tuple(_delivery(one, way, known) for way in one.ways))


def _delivery(one: Bulletin, way: Way, known: dict[str, Message]) -> Delivery:
    if way.why:
        return Delivery(address=way.address, state=UNSENT, at=one.at, why=way.why)
    message = known.get(way.message)
    if message is None:
        return Delivery(address=way.address, state=FORGOTTEN, at=None, message=way.message)
    return Delivery(
        address=way.address,
        state=message.state,
        at=message.ended_at or message.created_at,
        message=message.id,
        why=message.error,
    )
