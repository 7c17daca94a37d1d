"""How names of policies are read and kept. The right was checked when the sync was asked for."""

from collections.abc import Sequence

from quarterdeck.governance.compliance.model.names import (
    KNOWN_FOR,
    UNKNOWN_FOR,
    Title,
    can_be_asked,
)
from quarterdeck.governance.compliance.store import names
from quarterdeck.kernel.ids import ConnectionId, TenantId
from quarterdeck.kernel.work import Tenants, Work


def unnamed(work: Work, tenants: Tenants, connection: ConnectionId) -> list[str]:
    """Ids whose names are to be asked for: not known yet, or known for long."""
    wanted = names.used(work.db, tenants, connection)
    fresh = names.fresh(work.db, tenants, work.now - KNOWN_FOR, work.now - UNKNOWN_FOR)
    return sorted(one for one in wanted - fresh if can_be_asked(one))


def name(work: Work, tenant: TenantId, found: Sequence[Title]) -> None:
    """Keep what people call them."""
    names.put(work.db, tenant, found, work.now)
