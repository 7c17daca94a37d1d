"""Which service a request is counted for."""

import pytest

from quarterdeck.web.services import outcome_of, role_of, service_of


@pytest.mark.parametrize(
    ("method", "route", "service", "role"),
    [
        ("POST", "/api/v1/audit/events", "ingestion", "ingestion"),
        ("POST", "/t/{tenant}/api/v1/audit/events", "ingestion", "ingestion"),
        ("POST", "/v1/logs", "ingestion", "ingestion"),
        ("GET", "/api/v1/audit/events", "query", "query"),
        ("POST", "/api/v1/audit/projections/{projection}/pause", "projection", "projection"),
        ("GET", "/api/v1/trail/logs", "integrity", "integrity"),
        ("POST", "/t/{tenant}/api/v2/alerts", "watch", "gateway"),
        ("GET", "/api/v1/logs", "watch", "gateway"),
        ("GET", "/api/v1/tenantsandmore", "estate", "gateway"),
        ("GET", "/healthy", "console", "gateway"),
        ("GET", "/", "console", "gateway"),
        ("GET", "(none)", "gateway", "gateway"),
    ],
)
def test_a_request_counts_for_one_service(method: str, route: str, service: str, role: str) -> None:
    found = service_of(method, route)
    assert (found, role_of(found)) == (service, role)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, "ok"), (304, "ok"), (404, "refused"), (499, "refused"), (503, "error"), (0, "error")],
)
def test_an_answer_is_ok_refused_or_an_error(status: int, outcome: str) -> None:
    assert outcome_of(status) == outcome
