"""What sync says of itself in numbers.

A worker counts the runs that it ended; the process that answers shows how old the data is,
for it sees a dead worker too.
"""

from collections.abc import Iterable

from prometheus_client import Counter, Gauge, Histogram

from quarterdeck.governance.sync.freshness import Freshness
from quarterdeck.governance.sync.model import Policies, Run

RUNS = Counter(
    "quarterdeck_sync_runs_total",
    "Runs of sync, by how they ended.",
    ["domain", "state", "failure"],
)
TOOK = Histogram(
    "quarterdeck_sync_run_seconds",
    "Time of runs of sync.",
    ["domain"],
    buckets=(1, 5, 15, 60, 300, 600, 1200, 1800, 2700, 3600),
)
AGE = Gauge(
    "quarterdeck_sync_age_seconds",
    "Age of the data: since the last success of a domain's oldest connection.",
    ["tenant", "domain"],
)
INTERVAL = Gauge(
    "quarterdeck_sync_interval_seconds",
    "Between two syncs of a domain, as it is set.",
    ["tenant", "domain"],
)
STALE = Gauge("quarterdeck_sync_stale", "Tenants whose data is too old.", ["domain"])
LATEST = Gauge(
    "quarterdeck_sync_runs_day", "Runs that began within 24 h, by state.", ["domain", "state"]
)
HELD = Gauge("quarterdeck_sync_held", "Connections that wait for their cloud.", ["domain"])

DOUBTED = Gauge(
    "quarterdeck_sync_doubted",
    "Items that are kept though the cloud told them no more: not known whether they are gone.",
    ["domain"],
)
DRIFT = Counter(
    "quarterdeck_sync_drift_total",
    "Items that a whole reading found otherwise than the cloud's changes had told.",
    ["domain"],
)


def count(run: Run) -> None:
    """Count a run that has ended."""
    RUNS.labels(run.domain, run.state.value, run.failure).inc()
    DRIFT.labels(run.domain).inc(run.drift)
    if run.duration is not None:
        TOOK.labels(run.domain).observe(run.duration.total_seconds())


def show(
    ages: Iterable[Freshness],
    known: Policies,
    day: dict[tuple[str, str], int],
    held: dict[str, int],
    doubted: dict[str, int] | None = None,
) -> None:
    """Show how old the data is, how the last day's runs did, what is held and what doubted."""
    for gauge in (AGE, INTERVAL, STALE, LATEST, HELD, DOUBTED):
        gauge.clear()
    for age in ages:
        INTERVAL.labels(age.tenant, age.domain).set(known[age.domain].interval.total_seconds())
        STALE.labels(age.domain).inc(age.state.value == "stale")
        if age.age is not None:
            AGE.labels(age.tenant, age.domain).set(age.age.total_seconds())
    for (domain, state), many in day.items():
        LATEST.labels(domain, state).set(many)
    for domain, many in held.items():
        HELD.labels(domain).set(many)
    for domain, many in (doubted or {}).items():
        DOUBTED.labels(domain).set(many)
