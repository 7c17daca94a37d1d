"""Connections: how the platform reaches one cloud directory of a tenant."""

from dataclasses import dataclass
from datetime import datetime

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

    def __post_init__(self) -> None:
        for field in ("directory", "name"):
            text = getattr(self, field)
            if not text.strip() or len(text) > MAX_TEXT:
                raise Invalid(f"{field} must have 1 to {MAX_TEXT} characters")


def tenant_for(directory: str, fallback: str) -> TenantId:
    """The id of the tenant that is made for ``directory``.

    The same string wherever it can stand in a URL, a file name and a log origin, so that
    one id serves everywhere, as runbook 000 writes it; else ``fallback``.
    """
    return TenantId(directory if ID.fullmatch(directory) else fallback)
