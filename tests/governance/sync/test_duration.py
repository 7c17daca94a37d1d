"""How long a run took, also where our own clock stepped back meanwhile."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from prometheus_client import REGISTRY

from governance.estate import Estate
from quarterdeck.governance.sync import metrics
from quarterdeck.governance.sync.model import Run, RunState, policies
from quarterdeck.governance.sync.service import queries
from quarterdeck.kernel.ids import ConnectionId, TenantId

BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)
BACK = Run(
    id="r-1",
    tenant=TenantId("acme"),
    connection=ConnectionId("c-1"),
    directory="acme",
    domain="resources",
    state=RunState.SUCCESS,
    attempt=1,
    started_at=BEGAN,
    ended_at=BEGAN - timedelta(minutes=5),
)


def seconds() -> float:
    found = REGISTRY.get_sample_value("quarterdeck_sync_run_seconds_sum", {"domain": "resources"})
    return found or 0.0


def test_a_run_that_ended_before_it_began_took_no_time() -> None:
    before = seconds()
    metrics.count(BACK)
    assert BACK.duration == timedelta(0)
    assert seconds() == before


def test_a_run_that_took_no_time_is_not_one_that_still_runs(estate: Estate) -> None:
    limits = policies()
    estate.now = BEGAN + timedelta(days=1)
    with estate.look() as work:
        assert not queries.over_limit(work, BACK, limits)
        assert queries.over_limit(work, replace(BACK, ended_at=None), limits)
