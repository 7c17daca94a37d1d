"""/api/v1/preflight: whether each call that the platform makes of a cloud is answered."""

from datetime import datetime
from typing import Any, Self

from fastapi import Request
from pydantic import BaseModel, Field

from quarterdeck.governance.preflight import asking
from quarterdeck.governance.preflight import service as preflight
from quarterdeck.governance.preflight.model import (
    Examined,
    Outcome,
    Result,
    custom_role,
    permissions,
)
from quarterdeck.governance.preflight.service import Report
from quarterdeck.kernel.cache import Cache
from quarterdeck.runtime import Runtime
from quarterdeck.web.deps import By, Installation, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/preflight", tags=["preflight"])

KEPT_S = 300.0


class CheckBody(BaseModel):
    """One check of one connection, or of the cloud itself."""

    name: str
    status: Outcome
    tenant: str
    connection: str = Field(description="Its name; of the cloud itself: the cloud itself.")
    detail: str
    missing: str = Field(description="Role, permission or licence that would do; may be empty.")
    lost: str = Field(description="What is not known without it.")
    grant: str = Field(description="Commands that would grant it; empty where there are none.")
    checked_at: datetime | None = Field(description="null: no answer came in yet.")

    @classmethod
    def of(cls, one: Examined, result: Result) -> Self:
        return cls(
            name=result.name,
            status=result.outcome,
            tenant=one.tenant,
            connection=one.name,
            detail=result.detail,
            missing=result.missing,
            lost=result.lost,
            grant=result.grant,
            checked_at=one.at,
        )


class PreflightBody(BaseModel):
    """Every check, and what follows from all of them."""

    overall: Outcome = Field(description="fail if one fails; not_known if one is not known.")
    checked_at: datetime | None = Field(description="The oldest examination; null: there is none.")
    checks: list[CheckBody]
    role: dict[str, Any] = Field(
        description="The smallest custom role that would do, for az role definition create."
    )
    permissions: list[str] = Field(description="Of Microsoft Graph, that would do.")

    @classmethod
    def of(cls, report: Report, why: str = "") -> Self:
        scopes = sorted({scope for one in report.examined for scope in one.scopes})
        return cls(
            overall=report.overall,
            checked_at=report.at,
            checks=[
                *(CheckBody.of(one, result) for one in report.examined for result in one.results),
                *(_waiting(name, why) for name in report.waiting),
            ],
            role=custom_role(scopes),
            permissions=permissions(),
        )


class ClearedBody(BaseModel):
    """Nothing is kept any more: the next run asks the clouds."""

    status: str = Field("cleared", examples=["cleared"])


@router.post("/run", responses=problems(401, 403), **needs("preflight:run"))
def run_preflight(runtime: Installation, actor: By) -> PreflightBody:
    """Have the worker try every call, and wait for it; answers are kept for five minutes.

    What did not come in within 20 s is not known, and is not kept.
    """
    key = " ".join(sorted(on for held, on in actor.grants if held == preflight.RUN))

    def ask() -> Report:
        return asking.ask(runtime.engine, actor, runtime.clock, runtime.settings.runs_jobs)

    try:
        return PreflightBody.of(kept(runtime).get(key, ask))
    except asking.Unfinished as unfinished:
        return PreflightBody.of(unfinished.report, unfinished.why)


@router.post("/clear-cache", responses=problems(401, 403), **needs("preflight:run"))
def clear_preflight(runtime: Installation, work: InWork, _request: Request) -> ClearedBody:
    """Forget what preflight answered: the next run asks the clouds again."""
    preflight.cleared(work)
    kept(runtime).clear()
    return ClearedBody(status="cleared")


def kept(runtime: Runtime) -> Cache[Report]:
    """What preflight answered lately, by the tenants it was asked for."""
    return runtime.caches.named("preflight", KEPT_S)


def _waiting(name: str, why: str) -> CheckBody:
    return CheckBody(
        name="examination",
        status=Outcome.NOT_KNOWN,
        tenant="",
        connection=name,
        detail=why,
        missing="",
        lost="every check of it",
        grant="",
        checked_at=None,
    )
