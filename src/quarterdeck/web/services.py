"""Which part of the platform a request is for: one process may be all of them.

The parts are the seven services of runbook 004, and ours beside them. Of the seven, whatever
is no other's is the gateway's.
"""

import re

GATEWAY, CONSOLE, INGESTION = "gateway", "console", "ingestion"
UNKNOWN = "(none)"  # a path that is no route's must not become a label: there are endless many
TENANT = "/t/{tenant}"
TAKEN = frozenset({"/api/v1/audit/events", "/v1/logs"})
"""Where events come in."""

ROUTES = {
    "projection": "api/v1/audit/projections "
    "api/v1/trail/(dead-letters|queues|replays|subscriptions|topics)",
    "export": "api/v1/trail/(exports|webhooks)",
    "policy": "api/v1/trail/(compliance|erasures|holds|policies|residency|retention) "
    "api/v1/trail/logs/{tenant}/records/{index}/classification",
    "query": "api/v1/audit api/v1/trail/logs/{tenant}/records",
    "integrity": "api/v1/trail witness",
    "access": "api/v1/(access|grants|principals|roles|sessions|tokens|views)",
    "watch": "api/v2 alerts/events status/{slug}/(api|feed.atom) "
    "api/v1/(alert-rules|alerts|audiences|cards|changes|channels|contacts|environments|escalation|freezes"
    "|health-checks|incidents|logs|maintenance|messages|metrics|notifications|oncall"
    "|pages|people|routing|series|services|severities|silences|slo-objects|slo-report"
    "|slo-rules|slos|status-page|stream|sync/alerts|topology)",
    "health": "health metrics api/v1/status api/{service}/health",
    CONSOLE: "api/v1/(swagger|openapi.json)",
    "estate": "api/v1 compliance/scan inventory monitoring",
}
"""By service the beginnings of its routes; the first that fits counts, else it is the console."""

PATTERNS = {
    name: re.compile(rf"/({'|'.join(some.replace('.', '[.]').split())})(?=/|$)")
    for name, some in ROUTES.items()
}
SEVEN = frozenset({GATEWAY, INGESTION, "projection", "export", "policy", "query", "integrity"})


def service_of(method: str, route: str) -> str:
    """The part of the platform that answers a route: a label of few values."""
    if route == UNKNOWN:
        return GATEWAY
    path = route.removeprefix(TENANT)
    if method == "POST" and path in TAKEN:
        return INGESTION
    return next((name for name, some in PATTERNS.items() if some.match(path)), CONSOLE)


def role_of(service: str) -> str:
    """As which of runbook 004's seven services a part of the platform counts."""
    return service if service in SEVEN else GATEWAY


def outcome_of(status: int) -> str:
    """``ok``, ``refused`` (4xx) or ``error`` (5xx, or none at all)."""
    if 400 <= status < 500:  # noqa: PLR2004  HTTP
        return "refused"
    return "ok" if 0 < status < 400 else "error"  # noqa: PLR2004  HTTP
