"""The console: web pages over the same use cases as the API."""

from collections.abc import Mapping

from fastapi import FastAPI

from quarterdeck.console import assets, preferences
from quarterdeck.console.pages import (
    alerts,
    audiences,
    channels,
    compliance,
    contacts,
    costs,
    deadletters,
    escalation,
    estate,
    exports,
    health,
    holds,
    identity,
    incidents,
    integrity,
    jobs,
    logs,
    messages,
    metrics,
    now,
    oidc,
    oncall,
    packs,
    paged,
    programmes,
    reference,
    resources,
    review,
    routing,
    rules,
    settings,
    sign_in,
    silences,
    slos,
    status_page,
    status_public,
    status_subscribing,
    sync,
    tenants,
    tokens,
    trail,
    trail_exports,
    views,
    windows,
    workbook,
)
from quarterdeck.console.problem_page import problem_page
from quarterdeck.console.templates import environment
from quarterdeck.kernel.settings import Source
from quarterdeck.web.routes import routes_of

PAGES = [
    sign_in.router,
    oidc.router,
    now.router,
    jobs.router,
    compliance.router,
    programmes.router,
    estate.router,
    review.router,
    resources.router,
    costs.router,
    exports.router,
    views.router,
    identity.router,
    sync.router,
    alerts.router,
    health.router,
    windows.router,
    silences.router,
    slos.router,
    oncall.router,
    audiences.router,
    contacts.router,
    status_page.router,
    status_public.router,
    status_subscribing.router,
    escalation.router,
    paged.router,
    incidents.router,
    channels.router,
    messages.router,
    rules.router,
    routing.router,
    logs.router,
    metrics.router,
    workbook.router,
    deadletters.router,  # before the Explorer, whose paths are as general as /trail/A/B
    trail_exports.router,
    holds.router,
    integrity.router,
    trail.router,
    tenants.router,
    tokens.router,
    packs.router,
    reference.router,
    settings.router,
]


def install(app: FastAPI, sources: Mapping[str, Source]) -> None:
    """Add the console to ``app``, which has its runtime in ``app.state`` already.

    Args:
        app: the API; its errors become pages where a browser asked.
        sources: where each setting's value came from, for the page that says so.
    """
    files = assets.load()
    app.state.console = environment(files)
    app.state.setting_sources = sources
    app.state.problem_page = problem_page
    app.router.routes.extend(routes_of([assets.routes(files), preferences.routes(), *PAGES]))
