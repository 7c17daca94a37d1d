"""Health as metrics of the process that answers: by service and region, what is known of it."""

from prometheus_client import Gauge
from sqlalchemy import Engine

from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.work import read
from quarterdeck.operations.health.model.state import Standing, State
from quarterdeck.operations.health.prober import NOBODY
from quarterdeck.operations.health.service import observing

BY_SERVICE = ["tenant", "environment", "service", "region"]
UP = Gauge(
    "quarterdeck_service_up",
    "1 where a service works, impaired or not; 0 where it is down; absent where nobody knows.",
    BY_SERVICE,
)
TOOK = Gauge(
    "quarterdeck_probe_seconds", "Time of the last look by a probe.", [*BY_SERVICE, "probe"]
)
DAYS = Gauge(
    "quarterdeck_certificate_days",
    "Days until a certificate expires, as a probe saw it.",
    [*BY_SERVICE, "probe"],
)

Labels = tuple[str, ...]


def measure(engine: Engine, clock: Clock, shown: dict[Gauge, set[Labels]]) -> None:
    """Show every service as it stands; ``shown`` is what the last call showed.

    A service that is gone, or unknown, is shown no more: a gauge that stands still would lie.
    """
    with read(engine, NOBODY, clock) as work:
        found = observing.every_standing(work)
    values = _values(found)
    for gauge in (UP, TOOK, DAYS):
        now = {labels for one, labels in values if one is gauge}
        for labels in shown.get(gauge, set()) - now:
            gauge.remove(*labels)
        shown[gauge] = now
    for (gauge, labels), value in values.items():
        gauge.labels(*labels).set(value)


def _values(found: list[Standing]) -> dict[tuple[Gauge, Labels], float]:
    values: dict[tuple[Gauge, Labels], float] = {}
    for one in found:
        service = one.service
        labels = (service.tenant, service.environment, service.name, service.region)
        if one.state is State.UNKNOWN:
            continue
        values[UP, labels] = float(one.state is not State.DOWN)
        for name, seen in one.seen.items():
            values[TOOK, (*labels, name)] = seen.took_ms / 1000
            if seen.days is not None:
                values[DAYS, (*labels, name)] = seen.days
    return values
