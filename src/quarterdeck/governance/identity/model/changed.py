"""What a directory tells of an item that changed: a part of it, laid over what is held.

Shapes: Microsoft Graph, "Use delta query to track changes", resource representation.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from quarterdeck.governance.identity.model.items import parsed
from quarterdeck.governance.identity.model.shape import UnreadableIdentity, name_of

REMOVED, MEMBERS = "@removed", "members@delta"
RAW = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """What is told of one item.

    Attributes:
        gone: the directory has it no more.
        regrouped: a group, whose own members are others now.
        body: the fields that are told, each as it was sent; a null is one.
    """

    id: str
    gone: bool
    regrouped: bool
    body: Mapping[str, bytes]


def fragment(item: bytes) -> Fragment:
    """What an item of a list of changes tells; raises UnreadableIdentity."""
    told = parsed(item)
    return Fragment(
        id=name_of(told),
        gone=REMOVED in told,
        regrouped=MEMBERS in told,
        body=_lasting(_fields(item)),
    )


def merged(held: str | None, told: Fragment) -> bytes:
    """The item as it is now: what is told over what is held; None: it was not there before.

    A field that is not told is as it was, and one that was never set is never told. Raises
    UnreadableIdentity where what is held cannot be read.
    """
    before = {} if held is None else _fields(held.encode())
    fields = before | dict(told.body)
    return msgspec.json.encode({name: msgspec.Raw(value) for name, value in fields.items()})


def _fields(item: bytes) -> dict[str, bytes]:
    try:
        return {name: bytes(value) for name, value in RAW.decode(item).items()}
    except msgspec.DecodeError as error:
        raise UnreadableIdentity(f"expected a JSON object, got {item[:80]!r}") from error


def _lasting(fields: Mapping[str, bytes]) -> dict[str, bytes]:
    # What Graph says about the object, and not in it, is no part of what is kept.
    return {name: value for name, value in fields.items() if "@" not in name}
