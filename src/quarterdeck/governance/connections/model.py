"""Connections: how the platform reaches one cloud directory of a tenant."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from quarterdeck.access.tenants.model import ID
from quarterdeck.kernel.errors import Conflict, Invalid
from quarterdeck.kernel.ids import ConnectionId, TenantId

MAX_TEXT = 200


class ConnectionExists(Conflict):
    """The directory is connected already; change that connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """When a connection's credential was last tried, and why it failed; empty if it did not."""

    at: datetime
    failure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One cloud directory of a tenant.

    Attributes:
        directory: the cloud's id of the directory (``tenant_id`` in runbook 000); any
            text, since the runbook's own examples are not GUIDs.
        secret: a reference to the client secret (``env:NAME``, ``file:PATH``), never the
            secret itself; empty where the platform's own credential is used.
        trial: None until the credential was tried for the first time.
        prefix: with what the ids of its resources begin, so that they lie together in every
            index; empty for a connection that is older than that.
    """

    id: ConnectionId
    tenant: TenantId
    directory: str
    name: str
    description: str = ""
    client: str = ""
    secret: str = ""
    use_lighthouse: bool = False
    created_at: datetime
    trial: Trial | None = None
    prefix: str = ""

    def __post_init__(self) -> None:
        for field in ("directory", "name"):
            text = getattr(self, field)
            if not text.strip() or len(text) > MAX_TEXT:
                raise Invalid(f"{field} must have 1 to {MAX_TEXT} characters")


def prefix_of(connection: ConnectionId) -> str:
    """The prefix of a connection that is made now: three hex digits, one of 4,096."""
    return sha256(connection.encode()).hexdigest()[:3]


def tenant_for(directory: str, fallback: str) -> TenantId:
    """The id of the tenant that is made for ``directory``.

    The same string wherever it can stand in a URL, a file name and a log origin, so that
    one id serves everywhere, as runbook 000 writes it; else ``fallback``.
    """
    return TenantId(directory if ID.fullmatch(directory) else fallback)
