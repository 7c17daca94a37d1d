"""Which service a request is counted for."""

import pytest

from quarterdeck.web.services import outcome_of, role_of


@pytest.mark.parametrize(
    ("method", "route", "service"),
    [
        ("POST", "/api/v1/audit/events", "ingestion"),
        ("POST", "/t/{tenant}/api/v1/audit/events", "ingestion"),
        ("POST", "/v1/logs", "ingestion"),
        ("GET", "/api/v1/audit/events", "query"),
        ("GET", "/api/v1/trail/projections", "projection"),
        ("POST", "/api/v1/trail/exports", "export"),
        ("GET", "/api/v1/trail/policies", "policy"),
        ("GET", "/api/v1/trail/logs", "integrity"),
        ("GET", "/api/v1/alerts", "gateway"),
        ("GET", "(none)", "gateway"),
    ],
)
def test_every_route_has_its_service(method: str, route: str, service: str) -> None:
    assert role_of(method, route) == service


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, "ok"), (304, "ok"), (404, "refused"), (499, "refused"), (503, "error"), (0, "error")],
)
def test_an_answer_is_ok_refused_or_an_error(status: int, outcome: str) -> None:
    assert outcome_of(status) == outcome
