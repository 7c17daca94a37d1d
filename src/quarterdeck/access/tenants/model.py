"""Tenants: the unit of isolation everywhere; who owns one, and what it is for."""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from quarterdeck.kernel.errors import Conflict, Invalid, NotFound
from quarterdeck.kernel.ids import TenantId

# Stands in paths of URLs, names of files and labels of metrics. A first letter or digit
# keeps out "_platform", "*", "." and "..".
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,62}")
MAX_NAME = 200
MAX_TEXT = 2000


class TenantExists(Conflict):
    """There is a tenant of that id."""


class TenantMovedOn(Conflict):
    """Someone else changed the tenant first; read it again."""


class TenantArchivedAlready(Conflict):
    """The tenant has ended."""


class NoSuchTenant(NotFound):
    """No such tenant, or none that this actor may see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A tenant.

    Attributes:
        id: chosen by who creates it, for ever: a slug, or the id that a cloud gave.
        owner: who answers for it: free text.
        archived_at: when it ended; its log and evidence stay.
        version: from 1, one more after each change.
    """

    id: TenantId
    name: str
    description: str = ""
    owner: str = ""
    purpose: str = ""
    created_at: datetime
    archived_at: datetime | None = None
    version: int = 1

    def __post_init__(self) -> None:
        if not ID.fullmatch(self.id):
            raise Invalid(
                "a tenant's id has 1 to 63 letters, digits, '.', '_', '~' or '-', "
                "and begins with a letter or digit"
            )
        if not self.name.strip() or len(self.name) > MAX_NAME:
            raise Invalid(f"name must have 1 to {MAX_NAME} characters")
        for field in ("description", "owner", "purpose"):
            if len(getattr(self, field)) > MAX_TEXT:
                raise Invalid(f"{field} must have at most {MAX_TEXT} characters")

    @property
    def open(self) -> bool:
        return self.archived_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a tenant shall be told as from now; None leaves a field as it is."""

    name: str | None = None
    description: str | None = None
    owner: str | None = None
    purpose: str | None = None

    def of(self, tenant: Tenant) -> Tenant:
        """``tenant`` with this change, one version later."""
        return replace(
            tenant,
            name=tenant.name if self.name is None else self.name,
            description=tenant.description if self.description is None else self.description,
            owner=tenant.owner if self.owner is None else self.owner,
            purpose=tenant.purpose if self.purpose is None else self.purpose,
            version=tenant.version + 1,
        )
