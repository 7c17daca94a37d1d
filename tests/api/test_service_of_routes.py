"""For which service each route is counted, told by where its code lies."""

from fastapi import FastAPI

from api.routes import requests
from quarterdeck.web.services import service_of

HOMES = {
    "quarterdeck.api.access.tenants": "estate",  # under the addresses of the estate's
    "quarterdeck.api.access": "access",
    "quarterdeck.api.governance": "estate",
    "quarterdeck.api.operations": "watch",
    "quarterdeck.api.stream": "watch",
    "quarterdeck.api.health": "health",
    "quarterdeck.api.service_health": "health",
    "quarterdeck.api.status": "health",
    "quarterdeck.api.reference": "console",
    "quarterdeck.api.trail.ingest": "ingestion",
    "quarterdeck.api.trail.query": "query",
    "quarterdeck.api.trail.records": "query",
    "quarterdeck.api.trail.deadletters": "projection",
    "quarterdeck.api.trail.deliveries": "projection",
    "quarterdeck.api.trail.projections": "projection",
    "quarterdeck.api.trail.exports": "export",
    "quarterdeck.api.trail.webhooks": "export",
    "quarterdeck.api.trail.erasures": "policy",
    "quarterdeck.api.trail.holds": "policy",
    "quarterdeck.api.trail.policies": "policy",
    "quarterdeck.api.trail.retention": "policy",
    "quarterdeck.api.trail": "integrity",
    "quarterdeck.api": "estate",
    "quarterdeck.console": "console",
}
"""By module, the most exact first: whose its routes are."""

APART = {"/api/v1/trail/logs/{tenant}/consistency": "integrity"}
"""A proof, which lies beside the records."""


def home_of(module: str) -> str:
    return next((HOMES[name] for name in HOMES if f"{module}.".startswith(f"{name}.")), "none")


def test_each_route_is_counted_for_the_service_that_its_code_is_of(app: FastAPI) -> None:
    found = {
        f"{asked.method} {asked.template}": (
            service_of(asked.method, asked.template),
            APART.get(asked.template) or home_of(asked.route.endpoint.__module__),
        )
        for asked in requests(app)
    }
    assert len(found) > 250
    assert {route: both for route, both in found.items() if both[0] != both[1]} == {}
