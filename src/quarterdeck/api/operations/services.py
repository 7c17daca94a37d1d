"""/api/v1/services and /environments: what there is, how it is, and what depends on what."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Query, Response

from quarterdeck.api.operations.service_bodies import (
    BucketBody,
    ChangeBody,
    EnvironmentBody,
    EnvironmentRow,
    History,
    RestartBody,
    Restarts,
    ServiceBody,
    ServiceRow,
    Services,
    Topology,
)
from quarterdeck.operations.health.service import registry, restarting
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(tags=["services"])

READS, WRITES = needs(registry.READ), needs(registry.WRITE)
ONE = "/services/{tenant}/{environment}/{service}"
PLACE = "/environments/{tenant}/{environment}"
USUAL = timedelta(hours=24)

OfTenant = Annotated[str, Query(description="Only of this tenant.")]
InEnvironment = Annotated[str, Query(description="Only in this environment.")]


@router.get("/services", responses=problems(401, 403, 404), **READS)
def list_services(work: InRead, tenant: OfTenant = "", environment: InEnvironment = "") -> Services:
    """Services with how they are, and what is sick because of what; `more` where there are others.

    At least the first 1000, up to the end of an environment.
    """
    found = registry.places(work, tenant=tenant, environment=environment)
    return Services(services=[ServiceRow.of(place) for place in found.every], more=found.more)


@router.get("/topology", responses=problems(401, 403, 404), **READS)
def get_topology(work: InRead, tenant: OfTenant = "", environment: InEnvironment = "") -> Topology:
    """All services and the edges from each to those that it depends on."""
    return Topology.of(registry.places(work, tenant=tenant, environment=environment))


@router.get(ONE, responses=problems(401, 403, 404), **READS)
def get_service(tenant: str, environment: str, service: str, work: InRead) -> ServiceRow:
    """One service with how it is."""
    return ServiceRow.of(registry.place_of(work, tenant, environment, service))


@router.put(ONE, responses=problems(401, 403, 404, 409, 422), **WRITES)
def put_service(
    tenant: str, environment: str, service: str, body: ServiceBody, work: InWork
) -> ServiceRow:
    """Register a service, or change its entry; its first look is at once."""
    registry.register(work, body.service(tenant, environment, service))
    return ServiceRow.of(registry.registered(work, tenant, environment, service))


@router.delete(ONE, status_code=204, responses=problems(401, 403, 404), **WRITES)
def remove_service(tenant: str, environment: str, service: str, work: InWork) -> Response:
    """Take a service out of the registry, its history with it."""
    registry.remove(work, tenant, environment, service)
    return Response(status_code=204)


@router.get(f"{ONE}/history", responses=problems(401, 403, 404, 422), **READS)
def get_service_history(
    tenant: str,
    environment: str,
    service: str,
    work: InRead,
    since: Annotated[datetime | None, Query(description="Default: a day ago.")] = None,
) -> History:
    """How a service changed, and how the looks at it went."""
    begins = utc_of(since) if since else work.now - USUAL
    changed, looks = registry.history(work, tenant, environment, service, begins)
    return History(
        changes=[ChangeBody.of(one) for one in changed],
        looks=[BucketBody.of(one) for one in looks],
    )


@router.get(f"{ONE}/restarts", responses=problems(401, 403, 404), **READS)
def list_restarts(tenant: str, environment: str, service: str, work: InRead) -> Restarts:
    """Attempts to start a service again; of this installation's own roles too.

    Those stand in the environment `installation` of the tenant `_platform`.
    """
    found = restarting.tried(work, tenant, environment, service)
    return Restarts(restarts=[RestartBody.of(one) for one in found])


def utc_of(moment: datetime) -> datetime:
    """``moment``, in UTC where it names no zone."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@router.get("/environments", responses=problems(401, 403, 404), **READS)
def list_environments(work: InRead, tenant: OfTenant = "") -> dict[str, list[EnvironmentRow]]:
    """Environments with their facts and links."""
    found = registry.environments(work, tenant)
    return {"environments": [EnvironmentRow.of(one) for one in found]}


@router.get(PLACE, responses=problems(401, 403, 404), **READS)
def get_environment(tenant: str, environment: str, work: InRead) -> EnvironmentRow:
    """One environment with its facts and links."""
    return EnvironmentRow.of(registry.environment_of(work, tenant, environment))


@router.put(PLACE, responses=problems(401, 403, 404, 422), **WRITES)
def put_environment(
    tenant: str, environment: str, body: EnvironmentBody, work: InWork
) -> EnvironmentRow:
    """Say what is known of an environment, instead of what was said before."""
    described = body.environment(tenant, environment)
    registry.describe(work, described)
    return EnvironmentRow.of(described)


@router.delete(PLACE, status_code=204, responses=problems(401, 403, 404, 409), **WRITES)
def remove_environment(tenant: str, environment: str, work: InWork) -> Response:
    """Remove an environment that has no services any more."""
    registry.forget_environment(work, tenant, environment)
    return Response(status_code=204)
