"""Runbook 004, ProjectionLagHigh: an alert after ten minutes, and more workers while it fires."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from quarterdeck.access.principals.model import installation as itself
from quarterdeck.kernel import workers
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.outbox import outbox
from quarterdeck.kernel.work import read
from quarterdeck.operations.alerts.service.scaling import Scaler
from quarterdeck.operations.changes import hearing
from quarterdeck.operations.changes.model import Asked
from quarterdeck.operations.changes.service import changes
from quarterdeck.operations.metrics.model import Sample
from quarterdeck.operations.metrics.service.recording import record
from quarterdeck.operations.rules.service.evaluating import Evaluator
from quarterdeck.worker.delivery import deliver_all
from wiring.house import house
from wiring.test_emergencies import Emergency

LAG = "quarterdeck_projection_lag_seconds"
ROUND = timedelta(seconds=15)


@pytest.fixture
def emergency(engine: Engine, tmp_path: Path) -> Iterator[Emergency]:
    with house(engine, tmp_path) as well:
        yield Emergency(well)


def lag(emergency: Emergency, seconds: float, minutes: float) -> list[int]:
    """How many workers are wanted after each round of so many minutes at that lag."""
    runtime, found = emergency.well.runtime, []
    for _ in range(round(minutes * 4)):
        emergency.now += ROUND
        with read(runtime.engine, itself(), emergency.clock) as work:
            sample = Sample(LAG, {"projection": "timeline"}, work.now, seconds)
            record(work, runtime.metrics, PLATFORM, [sample])
        Evaluator(engine=runtime.engine, metrics=runtime.metrics, clock=emergency.clock).beat()
        found.append(scaler(emergency).scale().wanted)
    return found


def scaler(emergency: Emergency) -> Scaler:
    runtime = emergency.well.runtime
    root = Path(runtime.settings.data)
    return Scaler(engine=runtime.engine, clock=emergency.clock, root=root, most=3)


def told(emergency: Emergency) -> list[tuple[int, int]]:
    with reading(emergency.well.engine) as db:
        asked = select(outbox.c.payload).where(outbox.c.name == "WorkersScaled")
        said = [json.loads(row.payload) for row in db.execute(asked.order_by(outbox.c.sequence))]
    return [(one["before"], one["after"]) for one in said]


@pytest.mark.census("ATP-118")
def test_a_lag_of_31_s_for_ten_minutes_is_an_alert_and_asks_for_workers_until_it_is_over(
    emergency: Emergency,
) -> None:
    assert set(lag(emergency, 31, 9.75)) == {1}
    assert emergency.alerts() == []
    risen = lag(emergency, 31, 5)
    [alert] = emergency.alerts()
    assert alert.sign.type == "ProjectionLagHigh"
    assert alert.sign.labels["severity"] == "SEV-2"
    assert "10.1" in alert.sign.annotations["runbook_section"]
    assert (risen[1], risen[-1]) == (2, 3)
    fallen = lag(emergency, 1, 25)
    assert emergency.alerts() == []
    assert (fallen[0], fallen[-1]) == (3, 1)
    assert told(emergency) == [(1, 2), (2, 3), (3, 2), (2, 1)]
    assert workers.asked(Path(emergency.well.runtime.settings.data)).wanted == 1


def test_that_workers_were_added_is_a_change(emergency: Emergency) -> None:
    lag(emergency, 31, 10.5)
    deliver_all(emergency.well.engine, emergency.clock, [hearing.subscriber()])
    with read(emergency.well.engine, itself(), emergency.clock) as work:
        asked = Asked(since=work.now - timedelta(hours=1), until=work.now, tenant=PLATFORM)
        titles = [one.title for one in changes(work, asked)]
    assert "Workers: 1 to 2, for ProjectionLagHigh fires" in titles


@pytest.mark.parametrize("seconds", [29, 30])
def test_less_lag_asks_for_nobody(emergency: Emergency, seconds: float) -> None:
    assert set(lag(emergency, seconds, 12)) == {1}
