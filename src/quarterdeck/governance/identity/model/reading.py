"""What each kind of item says, and which of those that are held can be read."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from quarterdeck.governance.identity.model.access import policy
from quarterdeck.governance.identity.model.credentials import credentials
from quarterdeck.governance.identity.model.directory import (
    person,
    registration,
    role_assigned,
    role_held,
)
from quarterdeck.governance.identity.model.items import Kind, Sighting, parsed, sighting
from quarterdeck.governance.identity.model.shape import Item, UnreadableIdentity, name_of

T = TypeVar("T")
Reader = Callable[[Item], T]
"""What an item says; raises UnreadableIdentity."""

READERS: Mapping[Kind, Reader[Any]] = {
    Kind.USERS: person,
    Kind.GROUPS: name_of,
    Kind.MEMBERS: name_of,
    Kind.DIRECTORY_ROLES: role_held,
    Kind.ASSIGNMENTS: role_assigned,
    Kind.REGISTRATIONS: registration,
    Kind.POLICIES: policy,
    Kind.APPLICATIONS: partial(credentials, holder="application"),
    Kind.PRINCIPALS: partial(credentials, holder="service_principal"),
}


@dataclass(frozen=True, slots=True)
class Told(Generic[T]):
    """What items say, each with the part of its listing.

    Attributes:
        unread: the part of each item that cannot be read.
    """

    found: Sequence[tuple[str, T]]
    unread: Sequence[str] = ()


def legible(kind: Kind, body: bytes) -> Sighting:
    """An item as it was sent, once its kind's reader has read it.

    Raises:
        UnreadableIdentity: says what was expected, and what was found.
    """
    found = sighting(body)
    READERS[kind](parsed(body))
    return found


def told(bodies: Iterable[tuple[str, bytes | str]], reader: Reader[T]) -> Told[T]:
    """What items that are held say. An older release may have kept some that nobody can read."""
    found: list[tuple[str, T]] = []
    unread = []
    for part, body in bodies:
        try:
            found.append((part, reader(parsed(body))))
        except UnreadableIdentity:
            unread.append(part)
    return Told(found, unread)
