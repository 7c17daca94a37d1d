"""Which service of runbook 004 a request is for: one process may be all of them."""

import re

GATEWAY = "gateway"
SERVICES = (
    ("ingestion", r"(/t/[^/]+)?(/api/v1/audit/events|/v1/logs)$"),
    ("projection", r"/api/v1/trail/(projections|dead-letters|subscriptions|queues|replays|topics)"),
    ("export", r"/api/v1/trail/(exports|webhooks)"),
    ("policy", r"/api/v1/trail/(policies|holds|retention|purges|erasures)"),
    ("query", r"/api/v1/(audit|trail/records)"),
    ("integrity", r"/api/v1/trail/|/checkpoint|/tile"),
)
PATTERNS = tuple((name, re.compile(pattern)) for name, pattern in SERVICES)


def role_of(method: str, route: str) -> str:
    """The service that answers a route; what is nobody's is the gateway's own."""
    for name, pattern in PATTERNS:
        if pattern.match(route) and not (name == "ingestion" and method != "POST"):
            return name
    return GATEWAY


def outcome_of(status: int) -> str:
    """``ok``, ``refused`` (4xx) or ``error`` (5xx, or none at all)."""
    if 400 <= status < 500:  # noqa: PLR2004  HTTP
        return "refused"
    return "ok" if 0 < status < 400 else "error"  # noqa: PLR2004  HTTP
