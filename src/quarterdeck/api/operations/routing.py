"""/api/v1/routing: who hears of which alerts, and what they were told."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import Query
from pydantic import BaseModel, Field

from quarterdeck.operations.routing.model import Route, Version
from quarterdeck.operations.routing.notification import Notification
from quarterdeck.operations.routing.service import configuring
from quarterdeck.operations.routing.service.configuring import Tried
from quarterdeck.operations.routing.service.outgoing import outgoing
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(tags=["routing"])

READS, WRITES = problems(401, 403, 404, 422), problems(401, 403, 404, 409, 422)

Labels = Annotated[dict[str, str], Field(max_length=100)]


class Text(Body):
    """A configuration, in the form of alertmanager.yml."""

    text: str = Field(max_length=262_144)


class VersionBody(BaseModel):
    """A configuration as it was applied, its secrets hidden."""

    tenant: str
    version: int
    by: str
    at: datetime
    text: str

    @classmethod
    def of(cls, version: Version) -> Self:
        return cls(
            tenant=version.tenant,
            version=version.version,
            by=version.by,
            at=version.at,
            text=version.text,
        )


class VersionList(BaseModel):
    """Every version, newest first."""

    versions: list[VersionBody]


class RouteBody(BaseModel):
    """One node of the tree, with what it has from its parents."""

    id: str
    receiver: str
    matchers: list[str]
    group_by: list[str] | None = Field(description="Null: by all labels.")
    group_wait_s: float
    group_interval_s: float
    repeat_interval_s: float
    goes_on: bool = Field(description="Whether its next siblings are asked too.")
    mute_time_intervals: list[str]
    active_time_intervals: list[str]
    routes: list["RouteBody"]

    @classmethod
    def of(cls, route: Route) -> Self:
        return cls(
            id=route.id,
            receiver=route.receiver,
            matchers=[str(one) for one in route.matchers],
            group_by=None if route.group_by is None else list(route.group_by),
            group_wait_s=route.group_wait.total_seconds(),
            group_interval_s=route.group_interval.total_seconds(),
            repeat_interval_s=route.repeat_interval.total_seconds(),
            goes_on=route.goes_on,
            mute_time_intervals=list(route.mute),
            active_time_intervals=list(route.active),
            routes=[RouteBody.of(child) for child in route.routes],
        )


class Checked(BaseModel):
    """What a configuration would say."""

    root: RouteBody
    receivers: list[str]
    notes: list[str] = Field(description="What of it has no effect here.")


class Trial(Body):
    """An alert that there might be."""

    labels: Labels
    text: str = Field("", max_length=262_144, description="By this; else by what holds.")


class TriedBody(BaseModel):
    """What a route would do with it."""

    receiver: str
    route: str
    group_key: str
    group_wait_s: float
    group_interval_s: float
    repeat_interval_s: float
    muted_by: list[str] = Field(description="Time intervals that keep it silent now.")

    @classmethod
    def of(cls, tried: Tried) -> Self:
        route = tried.route
        return cls(
            receiver=route.receiver,
            route=route.id,
            group_key=tried.key,
            group_wait_s=route.group_wait.total_seconds(),
            group_interval_s=route.group_interval.total_seconds(),
            repeat_interval_s=route.repeat_interval.total_seconds(),
            muted_by=list(tried.muted),
        )


class TriedList(BaseModel):
    """The routes that an alert would take."""

    routes: list[TriedBody]


class NotificationBody(BaseModel):
    """One thing that a receiver was told, or is yet to be told."""

    id: str
    tenant: str
    receiver: str
    group_key: str
    state: str = Field(description="waiting, sending, sent, failed or dropped.")
    firing: int
    resolved: int
    created_at: datetime
    ended_at: datetime | None
    attempts: int
    error: str | None

    @classmethod
    def of(cls, one: Notification) -> Self:
        return cls(
            id=one.id,
            tenant=one.tenant,
            receiver=one.receiver,
            group_key=one.key,
            state=one.state,
            firing=len(one.standing.firing),
            resolved=len(one.standing.resolved),
            created_at=one.created_at,
            ended_at=one.ended_at,
            attempts=one.attempts,
            error=one.error or None,
        )


class NotificationList(BaseModel):
    """What receivers were told, newest first; at most 200."""

    notifications: list[NotificationBody]
    waiting: int = Field(description="Yet to be sent.")
    late: int = Field(description="Of these, those that failed at least once.")


@router.get("/routing/{tenant}", responses=READS, **needs("alerts:read"))
def get_routing(tenant: str, work: InRead) -> VersionBody:
    """The configuration that holds."""
    return VersionBody.of(configuring.current(work, tenant))


@router.put("/routing/{tenant}", responses=WRITES, **needs("routing:write"))
def apply_routing(tenant: str, work: InWork, said: Text) -> VersionBody:
    """Say who hears of which alerts, from now on; an error is refused with its line."""
    configuring.apply(work, tenant, said.text)
    return VersionBody.of(configuring.current(work, tenant))


@router.get("/routing/{tenant}/versions", responses=READS, **needs("alerts:read"))
def list_routing_versions(tenant: str, work: InRead) -> VersionList:
    """Every version of a tenant's configuration."""
    found = configuring.versions(work, tenant)
    return VersionList(versions=[VersionBody.of(one) for one in found])


@router.post("/routing/{tenant}/check", responses=READS, **needs("alerts:read"))
def check_routing(tenant: str, work: InWork, said: Text) -> Checked:
    """What a configuration would say; nothing changes."""
    config = configuring.check(work, tenant, said.text)
    return Checked(
        root=RouteBody.of(config.root),
        receivers=list(config.receivers),
        notes=list(config.notes),
    )


@router.post("/routing/{tenant}/test", responses=READS, **needs("alerts:read"))
def test_routing(tenant: str, work: InWork, trial: Trial) -> TriedList:
    """The routes that an alert with these labels would take; nothing changes."""
    found = configuring.tried(work, tenant, trial.labels, trial.text)
    return TriedList(routes=[TriedBody.of(one) for one in found])


@router.get("/notifications", responses=READS, **needs("alerts:read"))
def list_notifications(
    work: InRead,
    tenant: str = "",
    state: Annotated[list[str], Query(max_length=5)] = [],  # noqa: B006  FastAPI copies it
) -> NotificationList:
    """What receivers were told of alerts, what waits, and what is late."""
    found = outgoing(work, tenant, state)
    return NotificationList(
        notifications=[NotificationBody.of(one) for one in found.notifications],
        waiting=found.counts["waiting"],
        late=found.counts["late"],
    )
