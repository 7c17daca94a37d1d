"""/api/v1/freshness"""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from quarterdeck.api.governance.policies import InPolicies
from quarterdeck.governance.sync.freshness import Age, Freshness
from quarterdeck.governance.sync.service.freshness import freshness
from quarterdeck.web.deps import InRead
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/freshness", tags=["sync"])


class FreshnessBody(BaseModel):
    """How old one domain of one tenant is."""

    tenant: str
    domain: str
    state: Age = Field(description="never: no data came yet, and none is overdue.")
    last_success: datetime | None
    age_seconds: float | None
    stale_at: datetime = Field(description="When it becomes, or became, stale.")
    stalled: bool = Field(description="No success for more than two intervals.")
    items: int = Field(description="That the last success saw.")
    items_unreadable: int = Field(
        description="Of these, what could not be read and is in quarantine; all else is current."
    )

    @classmethod
    def of(cls, found: Freshness) -> Self:
        return cls(
            tenant=found.tenant,
            domain=found.domain,
            state=found.state,
            last_success=found.last_success,
            age_seconds=None if found.age is None else found.age.total_seconds(),
            stale_at=found.stale_at,
            stalled=found.stalled,
            items=found.items,
            items_unreadable=found.unread,
        )


class FreshnessList(BaseModel):
    """Every domain of every tenant that one may see."""

    freshness: list[FreshnessBody]


@router.get("", responses=problems(401, 403), **needs("sync:read"))
def list_freshness(work: InRead, known: InPolicies) -> FreshnessList:
    """How old the data of each tenant and domain is."""
    return FreshnessList(freshness=[FreshnessBody.of(f) for f in freshness(work, known)])
