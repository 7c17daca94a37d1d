"""The inventory: what a cloud said it has, and how that changed.

A resource is what its cloud sent, byte for byte; everything else here is read out of
those bytes, or is about when they came.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.ids import ConnectionId, TenantId

MAX_ID = 2048
ROWS_EACH = 3  # the resource, its body, its change


class Unreadable(Invalid):
    """An item of a listing is no resource that can be kept: its schema may have changed."""


class What(StrEnum):
    """How a resource changed.

    ``restored``: it had been removed, and is back. ``moved``: it came from another group or
    subscription, where it was removed under another id.
    """

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    RESTORED = "restored"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One resource in a listing.

    Attributes:
        id: ours: 32 hex digits that follow from the connection and ``cloud_id``; they begin
            with the connection's prefix.
        cloud_id: as the cloud wrote it; clouds compare it without regard to case
            (Azure: "Naming rules and restrictions", resource IDs).
        type: the cloud's word for it; read out of ``cloud_id`` where it is not stated.
        body: exactly what the cloud sent, JSON.
    """

    id: str
    cloud_id: str
    name: str
    type: str
    location: str
    tags: Mapping[str, str]
    body: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the inventory holds of a resource already.

    Attributes:
        judged: the edition of the rules that it was last judged by.
    """

    hash: str
    deleted: bool
    judged: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry of a resource's history.

    Attributes:
        number: its place among the changes of its run, from 0.
        before, after: SHA-256 of the body, hex; empty where there was or is none.
        replaced: the body that ``after`` replaced; empty unless it was changed.
    """

    run: str
    number: int
    resource: str
    cloud_id: str
    what: What
    at: datetime
    before: str
    after: str
    replaced: str = ""

    @property
    def leaf(self) -> bytes:
        """The entry as a leaf of its run's Merkle tree: canonical JSON (RFC 8785)."""
        fields = {
            "after": self.after,
            "before": self.before,
            "id": self.cloud_id,
            "what": self.what.value,
        }
        return msgspec.json.encode(fields, order="sorted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource as the inventory holds it.

    Attributes:
        last_seen: when a listing last had it: written with the listing, not the resource.
        deleted_at: when a complete listing first had it no more; None while it is there.
        was: our id of the resource that it was before it moved; empty where it did not.
    """

    id: str
    tenant: TenantId
    connection: ConnectionId
    subscription: str
    cloud_id: str
    name: str
    type: str
    location: str
    tags: Mapping[str, str] = field(default_factory=dict)
    body: str
    hash: str
    first_seen: datetime
    last_seen: datetime
    deleted_at: datetime | None
    was: str = ""


class _Item(msgspec.Struct):
    """The fields read out of an item; all others stay in its bytes.

    Some things under a resource have a ``name`` that is an object (metrics, usages).
    """

    id: str
    name: Any = None
    type: Any = None
    location: Any = None
    tags: dict[str, Any] | None = None

    def word(self, field: str) -> str:
        """The text in a field; empty where there is none."""
        value = getattr(self, field)
        return value if isinstance(value, str) else ""


_ITEM = msgspec.json.Decoder(_Item)


def resource_id(connection: ConnectionId, cloud_id: str, prefix: str) -> str:
    """Our id of the resource that ``connection``'s cloud calls ``cloud_id``, in any case.

    ``prefix`` is the connection's: by another it would be another resource.
    """
    digest = hashlib.sha256(f"{connection}\n{cloud_id.casefold()}".encode()).hexdigest()
    return f"{prefix}{digest}"[:32]


def sighting(connection: ConnectionId, item: bytes, prefix: str) -> Sighting:
    """Read one item of a listing; ``prefix`` is the connection's.

    Raises:
        Unreadable: it is not UTF-8, not JSON, or not of a resource's form.
    """
    try:
        found, body = _ITEM.decode(item), item.decode()
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise Unreadable(f"expected a resource, got what cannot be read: {error}") from error
    if not 0 < len(found.id.strip("/")) <= MAX_ID:
        raise Unreadable(f"expected an id of 1 to {MAX_ID} characters, got {found.id[:80]!r}")
    tags = {name: _text(value) for name, value in (found.tags or {}).items()}
    name, kind, location = (found.word(field) for field in ("name", "type", "location"))
    if any("\0" in word for word in (found.id, name, kind, location, *tags, *tags.values())):
        raise Unreadable(f"expected text, got a NUL in {found.id[:80]!r}")
    return Sighting(
        id=resource_id(connection, found.id, prefix),
        cloud_id=found.id,
        name=name or found.id.rstrip("/").rpartition("/")[2],
        type=kind or _type_of(found.id),
        location=location,
        tags=tags,
        body=body,
        hash=hashlib.sha256(item).hexdigest(),
    )


def named(connection: ConnectionId, item: bytes, prefix: str) -> str:
    """Our id of an item that is otherwise not to be read; empty where it tells none.

    ``prefix`` is the connection's.
    """
    try:
        found = msgspec.json.decode(item)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return ""
    cloud_id = found.get("id") if isinstance(found, dict) else None
    if not (isinstance(cloud_id, str) and cloud_id):
        return ""
    return resource_id(connection, cloud_id, prefix)


def difference(
    known: Mapping[str, Known], seen: Iterable[Sighting]
) -> Iterator[tuple[What, Sighting]]:
    """What ``seen`` changes, each resource once: its last sighting counts."""
    for sight in {s.id: s for s in seen}.values():
        before = known.get(sight.id)
        if before is None:
            yield What.ADDED, sight
        elif before.deleted:
            yield What.RESTORED, sight
        elif before.hash != sight.hash:
            yield What.CHANGED, sight


def portions(
    found: Iterable[tuple[What, Sighting]], rows: int
) -> Iterator[list[tuple[What, Sighting]]]:
    """``found`` in portions that each write at most ``rows`` rows, or hold one resource."""
    portion: list[tuple[What, Sighting]] = []
    weight = 0
    for entry in found:
        its = ROWS_EACH + len(entry[1].tags)
        if portion and weight + its > rows:
            yield portion
            portion, weight = [], 0
        portion.append(entry)
        weight += its
    if portion:
        yield portion


def _type_of(cloud_id: str) -> str:
    # /subscriptions/S/resourceGroups/G/providers/Microsoft.Web/sites/A/slots/B: the
    # provider, then every second segment. The last provider counts: extensions nest.
    if cloud_id.lower().find("/providers/") < 0:
        return ""
    at = cloud_id.lower().rindex("/providers/") + len("/providers/")
    provider, *rest = cloud_id[at:].strip("/").split("/")
    return "/".join([provider, *rest[::2]])


def _text(value: Any) -> str:  # noqa: ANN401  a JSON value
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
