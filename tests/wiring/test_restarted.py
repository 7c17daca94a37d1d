"""Runbook 004, ServiceDown: an alert, and an attempt to start again what is down, on record."""

import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine

from operations.health.endpoints import Endpoint, endpoint
from quarterdeck.access.principals.model import installation as itself
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.work import begin
from quarterdeck.operations.alerts.service import around
from quarterdeck.operations.changes.model import ChangeKind
from quarterdeck.operations.health.means import means_of
from quarterdeck.operations.health.measuring import measure
from quarterdeck.operations.health.model.registry import Probe, ProbeKind, Service
from quarterdeck.operations.health.model.restarts import Result
from quarterdeck.operations.health.prober import Prober
from quarterdeck.operations.health.service import registry, restarting
from quarterdeck.wiring.working import restarter
from waiting import until
from wiring.house import house
from wiring.test_emergencies import Emergency


@pytest.fixture
def web() -> Iterator[Endpoint]:
    with endpoint() as opened:
        yield opened


@pytest.fixture
def emergency(engine: Engine, tmp_path: Path, web: Endpoint) -> Iterator[Emergency]:
    commands = tmp_path / "restart"
    commands.mkdir()
    script = commands / "acme.prod.web"
    script.write_text("#!/bin/sh\necho the unit was started again\n")
    script.chmod(stat.S_IRWXU)
    with house(engine, tmp_path, restart_commands=str(commands)) as well:
        made = Emergency(well)
        probe = Probe(name="ready", kind=ProbeKind.HTTP, target=web.url, failures=1)
        entry = Service(tenant=TenantId("acme"), environment="prod", name="web", probes=(probe,))
        with begin(well.engine, itself(), made.clock) as work:
            registry.register(work, entry)
        yield made


def look(emergency: Emergency) -> None:
    """One look at every service, and the gauges after it."""
    runtime = emergency.well.runtime
    means = means_of(runtime.settings, emergency.clock)
    with closing(Prober(engine=runtime.engine, means=means)) as prober:
        prober.beat()
        until(lambda: (prober.beat(), not prober.open)[1])
    measure(runtime.engine, emergency.clock, {})


@pytest.mark.census("ATP-113")
def test_a_service_without_an_instance_is_an_alert_and_a_restart_on_record(
    emergency: Emergency, web: Endpoint
) -> None:
    look(emergency)
    assert "ServiceDown" not in emergency.pass_round()
    web.status = 503
    look(emergency)
    assert restarter(emergency.well.runtime).beat()
    assert "ServiceDown" in emergency.pass_round()
    [alert] = [one for one in emergency.alerts() if one.sign.type == "ServiceDown"]
    assert alert.sign.labels["severity"] == "SEV-1"
    assert "6.1" in alert.sign.annotations["runbook_section"]
    assert [page.severity for page in emergency.pages()] == ["SEV-1"]
    with begin(emergency.well.engine, itself(), emergency.clock) as work:
        [tried] = restarting.tried(work, "acme", "prod", "web")
        beside = around.changed(work, [alert])[alert.id]
    assert (tried.result, tried.detail) == (Result.DONE, "the unit was started again")
    [change] = [one for one in beside if one.kind is ChangeKind.RESTART]
    assert change.title == "web started again by command: done, the unit was started again"
    web.status = 200
    look(emergency)
    assert "ServiceDown" not in emergency.pass_round()
