"""Items of a directory's listings, byte for byte, and how they change."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from quarterdeck.governance.identity.model.shape import UnreadableIdentity, name_of
from quarterdeck.kernel.ids import ConnectionId, TenantId

MAX_ID = 512
PASSING = frozenset({"signInActivity", "lastUpdatedDateTime"})
"""Fields that change without anything about the item having changed."""


class Kind(StrEnum):
    """What is listed. ``assessment`` stands for what follows from all of it."""

    USERS = "users"
    GROUPS = "groups"
    MEMBERS = "members"
    DIRECTORY_ROLES = "directory_roles"
    ASSIGNMENTS = "role_assignments"
    REGISTRATIONS = "registrations"
    POLICIES = "policies"
    APPLICATIONS = "applications"
    PRINCIPALS = "service_principals"
    ASSESSMENT = "assessment"


class What(StrEnum):
    """How an item changed. ``restored``: it had been removed, and is back."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a run lists; ``part`` is the group or subscription, empty where it is the whole."""

    run: str
    tenant: TenantId
    connection: ConnectionId
    kind: Kind
    part: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One item of a listing.

    Attributes:
        body: exactly what the directory sent.
        hash: of it without what passes, hex SHA-256.
        digest: of all of it.
    """

    id: str
    body: str
    hash: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is held of an item already."""

    hash: str
    digest: str
    body: str
    deleted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How an item changed; ``before`` and ``after`` are hashes, empty where there is nothing."""

    number: int
    kind: Kind
    item: str
    what: What
    at: datetime
    before: str
    after: str
    replaced: str = ""

    @property
    def cloud_id(self) -> str:
        """What the cloud knows the item by, its kind first."""
        return f"{self.kind} {self.item}"

    @property
    def leaf(self) -> bytes:
        """What the Merkle tree over a run's changes is built of."""
        return f"{self.kind}\n{self.item}\n{self.what}\n{self.before}\n{self.after}".encode()


def sighting(body: bytes) -> Sighting:
    """An item as it was sent.

    Raises:
        UnreadableIdentity: says what was expected, and what was found.
    """
    item = parsed(body)
    identity = name_of(item)
    if len(identity) > MAX_ID:
        raise UnreadableIdentity(f"expected an item with an id, got {body[:80]!r}")
    lasting = {name: value for name, value in item.items() if name not in PASSING}
    return Sighting(
        id=identity,
        body=body.decode(),
        hash=_sha256(_written(lasting, body)),
        digest=_sha256(body),
    )


def parsed(body: bytes | str) -> Mapping[str, Any]:
    """The object in ``body``; else UnreadableIdentity."""
    try:
        # Strictly UTF-8, for that is how it is kept.
        item = json.loads(body.decode() if isinstance(body, bytes) else body)
    except (ValueError, RecursionError) as error:
        raise UnreadableIdentity(f"expected JSON, got {body[:80]!r}") from error
    if not isinstance(item, dict):
        raise UnreadableIdentity(f"expected a JSON object, got {body[:80]!r}")
    return item


def difference(
    known: Mapping[str, Known], seen: Sequence[Sighting]
) -> Iterator[tuple[What | None, Sighting]]:
    """What ``seen`` changes; None: only what passes. An item seen twice counts once, last."""
    for sight in {sight.id: sight for sight in seen}.values():
        held = known.get(sight.id)
        if held is None:
            yield What.ADDED, sight
        elif held.deleted:
            yield What.RESTORED, sight
        elif held.hash != sight.hash and not alike(held.body, sight.body):
            yield What.CHANGED, sight
        elif held.digest != sight.digest:
            yield None, sight


def alike(before: str, after: str) -> bool:
    """Whether two bodies say the same of what lasts.

    A listing writes null where a field was never set; a list of changes leaves it out.
    """
    try:
        return _said(before) == _said(after)
    except UnreadableIdentity:
        return False


def _said(body: str) -> dict[str, Any]:
    told = parsed(body).items()
    return {name: value for name, value in told if value is not None and name not in PASSING}


def _written(item: Mapping[str, Any], body: bytes) -> bytes:
    try:
        return json.dumps(item, sort_keys=True).encode()
    except RecursionError as error:
        raise UnreadableIdentity(f"expected less depth, got {body[:80]!r}") from error


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
