"""What people recorded of onboarding, in SQL."""

from sqlalchemy import BigInteger, Column, Connection, String, Table, Text, delete, insert, select

from quarterdeck.governance.onboarding.model import ItemName, Recorded, State
from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.work import Tenants

onboarding = Table(
    "governance_onboarding",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("item", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("by", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("evidence", Text, nullable=False),
)


def put(db: Connection, tenants: Tenants, tenant: TenantId, said: Recorded) -> None:
    """Keep what was said of an item in place of what was said before; the log has both."""
    mine = (onboarding.c.tenant == tenant, onboarding.c.item == said.item.value)
    db.execute(delete(onboarding).where(*mine, tenants.clause(onboarding.c.tenant)))
    row = {
        "tenant": tenant,
        "item": said.item.value,
        "state": said.state.value,
        "by": said.by,
        "at": micros(said.at),
        "evidence": said.evidence,
    }
    db.execute(insert(onboarding).values(row))


def of_tenants(db: Connection, tenants: Tenants) -> dict[TenantId, dict[ItemName, Recorded]]:
    """What was recorded, by tenant and item."""
    found: dict[TenantId, dict[ItemName, Recorded]] = {}
    query = select(onboarding).where(tenants.clause(onboarding.c.tenant))
    for row in db.execute(query):
        said = Recorded(
            item=ItemName(row.item),
            state=State(row.state),
            by=row.by,
            at=instant(row.at),
            evidence=row.evidence,
        )
        found.setdefault(TenantId(row.tenant), {})[said.item] = said
    return found
