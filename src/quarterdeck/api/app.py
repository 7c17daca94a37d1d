"""The HTTP API: routers, errors, and nothing else."""

from collections.abc import Iterable
from functools import partial
from importlib.metadata import version
from threading import BoundedSemaphore, Event
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send
from typing_extensions import override

from quarterdeck.access.limits.model import Rate
from quarterdeck.access.limits.service import Limits
from quarterdeck.api import (
    health,
    jobs,
    monitoring,
    packs,
    reference,
    schedules,
    service_health,
    status,
    stream,
)
from quarterdeck.api.access import principals, roles, tokens, views
from quarterdeck.api.access import tenants as access_tenants
from quarterdeck.api.governance import (
    cloud_budgets,
    compliance,
    compliance_checks,
    compliance_export,
    cost_files,
    costs,
    exports,
    freshness,
    identity,
    inventory,
    onboarding,
    preflight,
    programmes,
    resources,
    review,
    runs,
    sync,
    tenants,
    upkeep,
)
from quarterdeck.api.openapi import document
from quarterdeck.api.operations import (
    alert_desk,
    alert_events,
    alert_rules,
    alerts,
    audiences,
    cards,
    changes,
    channels,
    contacts,
    escalation,
    handoffs,
    health_checks,
    incident_updates,
    incidents,
    maintenance,
    messages,
    metrics,
    oncall,
    pages,
    people,
    routing,
    services,
    severities,
    silences,
    slos,
    status_page,
    status_public,
    system_health,
)
from quarterdeck.api.operations import logs as own_logs
from quarterdeck.api.operations.alertmanager import about as am_about
from quarterdeck.api.operations.alertmanager import alerts as am_alerts
from quarterdeck.api.operations.alertmanager import silences as am_silences
from quarterdeck.api.trail import custody as trail_custody
from quarterdeck.api.trail import (
    deadletters,
    deliveries,
    erasures,
    holds,
    ingest,
    logs,
    policies,
    projections,
    query,
    records,
    retention,
    witness,
)
from quarterdeck.api.trail import exports as trail_exports
from quarterdeck.api.trail import integrity as trail_integrity
from quarterdeck.api.trail import keys as trail_keys
from quarterdeck.api.trail import reports as trail_reports
from quarterdeck.api.trail import segments as trail_segments
from quarterdeck.api.trail import webhooks as trail_webhooks
from quarterdeck.api.trail.desk import Desk
from quarterdeck.api.trail.lane import IngestLane
from quarterdeck.kernel.settings import Settings
from quarterdeck.runtime import Runtime
from quarterdeck.web import once, problems, sse
from quarterdeck.web.guards import Faults, Guards
from quarterdeck.web.head import Heads
from quarterdeck.web.headers import SecurityHeaders
from quarterdeck.web.loopback import LOOPBACK_NAMES
from quarterdeck.web.observe import Observe
from quarterdeck.web.proxies import BehindProxy
from quarterdeck.web.routes import routes_of

ROUTERS = [
    tenants.router,
    access_tenants.router,
    onboarding.router,
    preflight.router,
    identity.router,
    principals.router,
    roles.router,
    tokens.router,
    cost_files.router,
    costs.router,
    cloud_budgets.router,
    resources.router,
    review.router,
    inventory.router,
    exports.router,
    views.router,
    compliance_export.router,
    compliance_checks.router,
    compliance_checks.scan_router,
    compliance.router,
    programmes.router,
    alerts.router,
    services.router,
    health_checks.router,
    maintenance.router,
    changes.router,
    oncall.router,
    handoffs.router,
    pages.router,
    audiences.router,
    cards.router,
    contacts.router,
    escalation.router,
    channels.router,
    severities.router,
    incidents.router,
    incident_updates.router,
    messages.router,
    status_page.router,
    people.router,
    alert_events.router,
    alert_desk.router,
    alert_rules.router,
    silences.router,
    slos.router,
    routing.router,
    own_logs.router,
    system_health.router,  # before metrics, whose paths are as general as /metrics/NAME
    metrics.router,
    sync.router,
    runs.router,
    upkeep.router,
    freshness.router,
    jobs.router,
    schedules.router,
    packs.router,
    stream.router,
    logs.router,
    holds.router,
    erasures.router,
    retention.router,
    records.router,
    trail_segments.router,
    trail_integrity.router,
    trail_exports.router,
    trail_webhooks.router,
    trail_reports.router,
    trail_keys.router,
    trail_custody.router,
    witness.cosigned,
    deliveries.router,
    deadletters.router,
    policies.router,
    query.router,
    projections.router,
]
"""Under /api/v1."""

ROOT_ROUTERS = [
    health.router,
    service_health.router,
    status.router,
    status_public.router,
    monitoring.router,
    inventory.root_router,
    compliance_checks.root_router,
    reference.router,
    witness.router,
    ingest.router,
    alert_events.root_router,
    am_alerts.router,
    am_silences.router,
    am_about.router,
]
"""With the whole of their paths."""

ANSWERS_KEPT_S = 1.0


class Api(FastAPI):
    """FastAPI, behind the lane: a request with one event has no time for layers it does not need.

    Attributes:
        front: what all requests meet first.
    """

    front: ASGIApp

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self
        await self.front(scope, receive, send)


def build_app(runtime: Runtime) -> FastAPI:
    """The API over one installation.

    ``app.state.stopping`` is an Event: set it when the server is told to stop, and live
    streams end. ``app.state.problem_page``, where set, shows problems to browsers.
    """
    app = Api(
        title="Quarterdeck",
        version=version("quarterdeck"),
        openapi_url=None,
        redirect_slashes=False,
        middleware=_middleware(runtime.settings),
    )
    app.front = _front(partial(FastAPI.__call__, app), runtime.settings)
    _prepare(app, runtime)
    problems.install(app)
    once.install(app)
    app.router.routes.extend(routes_of([*ROUTERS, *ROOT_ROUTERS]))
    return app


def _prepare(app: FastAPI, runtime: Runtime) -> None:
    settings = runtime.settings
    per_minute = round(settings.rate_limit_per_s * 60)
    rate = Rate(per_minute=per_minute, burst=settings.rate_limit_burst)
    app.state.runtime = runtime
    app.state.began = monotonic()
    app.state.cache = runtime.caches.named("summaries", ANSWERS_KEPT_S)
    app.state.limits = Limits(runtime.engine, rate)
    app.state.desk = Desk(runtime)
    app.state.stopping = Event()
    app.state.stream_seats = BoundedSemaphore(sse.MAX_STREAMS)
    app.__dict__["openapi"] = lambda: _document(app)


def _document(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        app.openapi_schema = document(app)
    return app.openapi_schema


def _front(app: ASGIApp, settings: Settings) -> ASGIApp:
    """What stands before all else: who asks, and over what; then the lane."""
    lane = IngestLane(app, partial(Guards, **_guarded(settings)))
    return BehindProxy(lane, settings.behind_proxy) if settings.behind_proxy else lane


def _middleware(settings: Settings) -> list[Middleware]:
    """From the outside in."""
    return [
        Middleware(Observe),
        Middleware(SecurityHeaders),
        Middleware(Faults),
        Middleware(Guards, **_guarded(settings)),
        Middleware(Heads),
    ]


def _guarded(settings: Settings) -> dict[str, Any]:
    return {
        "hosts": frozenset(_hosts(settings)),
        "any_address": not settings.loopback,
        "max_body_bytes": settings.max_body_bytes,
    }


def _hosts(settings: Settings) -> Iterable[str]:
    yield from LOOPBACK_NAMES
    yield settings.host.lower()
    base = urlsplit(settings.base_url).hostname
    if base:
        yield base
