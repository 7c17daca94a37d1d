"""/api/v1/health-checks: look at components now; what checks found before."""

from time import perf_counter
from typing import Annotated

from fastapi import Query, Request, Response

from quarterdeck.api.operations.service_bodies import CheckOrder, CheckupBody, Checkups
from quarterdeck.kernel.work import begin, read
from quarterdeck.operations.health import checkup
from quarterdeck.operations.health.means import means_of
from quarterdeck.operations.health.model.history import Component
from quarterdeck.operations.health.model.registry import INSTALLATION
from quarterdeck.operations.health.service import checking, registry
from quarterdeck.runtime import Runtime
from quarterdeck.web.deps import By, InRead, Installation
from quarterdeck.web.paging import InPage
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/health-checks", tags=["health"])


@router.get("", responses=problems(401, 403, 404, 422), **needs(registry.READ))
def list_health_checks(
    work: InRead,
    page: InPage,
    response: Response,
    tenant: Annotated[str, Query(description="Only of this tenant.")] = "",
    environment: Annotated[str, Query(description="Only of this environment.")] = "",
) -> Checkups:
    """Health checks that were kept, newest first."""
    found = checking.kept(
        work,
        tenant=tenant,
        environment=environment,
        before=str(page.after[0]) if page.after else "",
        limit=page.fetch,
    )
    shown = page.turn(response, found, lambda one: (one.id,))
    return Checkups(checks=[CheckupBody.of(one) for one in shown])


@router.post("", status_code=201, responses=problems(401, 403, 404, 422), **needs(checking.DO))
def check_health(
    order: CheckOrder, request: Request, runtime: Installation, actor: By
) -> CheckupBody:
    """Look at components now, and keep the result; it takes as long as the slowest probe."""
    asked = request.state.request_id
    began = perf_counter()
    with read(runtime.engine, actor, runtime.clock, asked) as work:
        tenant = checking.tenant_of(work, order.environment, order.tenant)
        services = []
        if order.environment != INSTALLATION:
            tenants = work.require(checking.DO, tenant)
            services = checking.services_of(work, tenants, order.environment, order.components)
    # Between the two looks at the database: a probe that hangs holds no transaction.
    own = order.environment == INSTALLATION
    found = (
        _roles(runtime, order)
        if own
        else checkup.of_services(services, means_of(runtime.settings, runtime.clock))
    )
    with begin(runtime.engine, actor, runtime.clock, asked) as work:
        work.require(checking.DO, tenant)
        took_ms = (perf_counter() - began) * 1000
        return CheckupBody.of(checking.keep(work, tenant, order.environment, found, took_ms))


def _roles(runtime: Runtime, order: CheckOrder) -> list[Component]:
    roles = runtime.roles or {"installation": runtime.checks}
    named = checking.chosen(order.components, roles)
    return checkup.of_roles({name: roles[name] for name in named})
