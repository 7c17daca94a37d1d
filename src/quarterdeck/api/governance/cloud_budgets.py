"""/api/v1/costs/budgets: budgets as the cloud keeps them."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import Depends
from pydantic import BaseModel, Field

from quarterdeck.api.governance.costs import Amount, InNamed
from quarterdeck.governance.connections.service import tenants_named
from quarterdeck.governance.costs.budgets import Spending, State
from quarterdeck.governance.costs.service import summaries
from quarterdeck.governance.costs.service.summaries import BUDGETS
from quarterdeck.kernel.work import Tenants
from quarterdeck.web.deps import InRead
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/costs/budgets", tags=["costs"])


class BudgetBody(BaseModel):
    """A budget, and how much of it is spent."""

    id: str = Field(description="The cloud's.")
    tenant: str
    subscription: str
    name: str
    time_grain: str = Field(description="The cloud's word: Monthly, Quarterly, Annually.")
    amount: str | None = Field(description="Null: the cloud does not say.")
    spent: Amount | None = Field(description="In this period; null: the cloud does not say.")
    percent: float | None
    thresholds_percent: list[float] = Field(description="At which the cloud tells somebody.")
    state: State = Field(description="warned: beyond a threshold; over: beyond the amount.")
    read_at: datetime

    @classmethod
    def of(cls, found: Spending) -> Self:
        return cls(
            id=found.id,
            tenant=found.tenant,
            subscription=found.scope,
            name=found.name,
            time_grain=found.grain,
            amount=None if found.amount is None else f"{found.amount:f}",
            spent=None if found.spent is None else Amount.of(found.spent),
            percent=None if found.percent is None else float(found.percent),
            thresholds_percent=[float(one) for one in found.thresholds],
            state=found.state,
            read_at=found.read_at,
        )


class Budgets(BaseModel):
    """By tenant and name."""

    budgets: list[BudgetBody]


def only_of(work: InRead, named: InNamed) -> Tenants | None:
    """The tenants that a request names; None: all that one may see."""
    return tenants_named(work, BUDGETS, named) if named else None


@router.get("", responses=problems(401, 403, 404, 422), **needs(BUDGETS))
def list_cloud_budgets(work: InRead, only: Annotated[Tenants | None, Depends(only_of)]) -> Budgets:
    """The cloud's own budgets with what is spent, as the last sync of costs read them."""
    return Budgets(budgets=[BudgetBody.of(one) for one in summaries.budgets(work, only)])
