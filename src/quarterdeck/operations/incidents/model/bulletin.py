"""A bulletin: what one audience was told of an incident, in which words, by which ways. Pure."""

from dataclasses import dataclass
from datetime import datetime

from quarterdeck.operations.messages.model import Address, Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Where it went, or did not.

    Attributes:
        address: as people call it: a channel's name, a mail address, ``chat @acme-csm``.
        message: the id of the message in the outbox; empty: it went nowhere.
        why: why not.
    """

    address: str
    message: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulletin:
    """What was told, once, and never changes.

    Attributes:
        number: from 1 on, within the incident.
        audience: its name, and ``title``; for a customer theirs.
        version: of the audience's words; 0: the house's own.
        by: who posted it; empty: it was told by itself.
        subject, text: as they were sent.
    """

    number: int
    audience: str
    title: str
    version: int
    by: str
    at: datetime
    subject: str
    text: str
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What would be told, and to whom: nothing of it is sent yet.

    Attributes:
        title: the audience's, or the customer's.
        deaf: ways that nothing here reaches, and why.
        tenants: of customers: for whom they stand.
    """

    audience: str
    title: str
    version: int
    content: Content
    to: tuple[Address, ...]
    deaf: tuple[Way, ...] = ()
    tenants: frozenset[str] = frozenset()
