"""Budgets that are exceeded: facts, alerts, and an incident where a runbook says so."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.event import listen, remove
from typing_extensions import override

from governance.costs.ledgers import POLICIES, say, sync
from governance.costs.test_budgets import budget
from governance.estate import Estate, FakeCloud
from governance.sync.test_against_the_simulator import Rehearsed
from packs.test_watched import apply
from providers.rehearsal import rehearsing
from quarterdeck.governance.cloud.ports import Page
from quarterdeck.governance.connections.service import NewConnection
from quarterdeck.governance.costs.service import ledger, summaries
from quarterdeck.governance.sync.model import RunState
from quarterdeck.governance.sync.onboarding import archive_tenant, connect
from quarterdeck.governance.sync.readings.costs import Options
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.deliveries import Subscriber
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.alerts import hearing as alerts_hear
from quarterdeck.operations.alerts import service as alerts
from quarterdeck.operations.incidents import hearing as incidents_hear
from quarterdeck.operations.incidents.service import looking
from quarterdeck.providers.simulator.options import SimulatorOptions
from quarterdeck.providers.simulator.server import running
from quarterdeck.worker.delivery import deliver_all

EARS: list[Subscriber] = [alerts_hear.subscriber(), incidents_hear.subscriber()]


@dataclass
class Parting(FakeCloud):
    """A cloud whose directory is disconnected while it is asked for budgets."""

    part: Callable[[], None] = lambda: None

    @override
    def budgets(self, subscription: str) -> Iterator[Page]:
        self.part()
        return super().budgets(subscription)


def spend(march: Estate, cloud: FakeCloud, *bodies: str) -> None:
    cloud.said["budgets", "s1"] = [[one.encode() for one in bodies]]
    sync(march)
    march.pass_time(days=1)
    hear(march)


def hear(estate: Estate) -> None:
    while deliver_all(estate.engine, estate.clock, EARS):
        pass


def firing(march: Estate) -> list[str]:
    with march.look() as work:
        found = [one for one in alerts.active(work) if one.sign.type == "budget_exceeded"]
    return [one.sign.title for one in found]


def test_spending_beyond_a_budget_is_an_alert_until_it_holds(march: Estate) -> None:
    _, cloud = march.connect("acme", POLICIES)
    say(cloud, [], [])
    spend(march, cloud, budget(spent="99"))
    assert firing(march) == []
    spend(march, cloud, budget(spent="120"))
    assert firing(march) == ["Budget monthly is exceeded: 120 % spent"]
    spend(march, cloud, budget(spent="null"))
    assert firing(march) == ["Budget monthly is exceeded: 120 % spent"]  # not known ends nothing
    spend(march, cloud, budget(spent="130"))
    assert firing(march) == ["Budget monthly is exceeded: 130 % spent"]
    spend(march, cloud, budget(spent="1"))
    assert firing(march) == []  # another month


def test_a_budget_that_is_there_no_more_is_exceeded_no_more(march: Estate) -> None:
    _, cloud = march.connect("acme", POLICIES)
    say(cloud, [], [])
    spend(march, cloud, budget(spent="120"))
    spend(march, cloud, budget(spent="null"))
    spend(march, cloud)
    assert firing(march) == []


def test_a_budget_whose_subscription_is_gone_is_exceeded_no_more(march: Estate) -> None:
    _, cloud = march.connect("acme", POLICIES)
    say(cloud, [], [])
    cloud.pages["s9"] = []
    spend(march, cloud, budget(spent="120"))
    del cloud.pages["s1"]
    sync(march)
    hear(march)
    assert firing(march) == ["Budget monthly is exceeded: 120 % spent"]  # not known if it is gone
    march.pass_time(minutes=30)
    march.wake()
    march.run_due()
    hear(march)
    assert firing(march) == []
    with march.look() as work:
        assert summaries.budgets(work) == []


def test_a_budget_of_a_directory_that_is_disconnected_is_exceeded_no_more(march: Estate) -> None:
    connection, cloud = march.connect("acme", POLICIES)
    _, other = march.connect("other", POLICIES)
    say(cloud, [], [])
    say(other, [], [])
    other.said["budgets", "s1"] = [[budget(spent="120").encode()]]
    spend(march, cloud, budget(spent="120"))
    assert len(firing(march)) == 2
    march.disconnect(connection)
    hear(march)
    with march.look() as work:
        assert [one.sign.tenant for one in alerts.active(work)] == ["other"]
        assert [one.tenant for one in summaries.budgets(work)] == ["other"]


def test_a_budget_of_a_tenant_that_ended_is_exceeded_no_more(march: Estate) -> None:
    _, cloud = march.connect("acme", POLICIES)
    say(cloud, [], [])
    spend(march, cloud, budget(spent="120"))
    with march.work() as work:
        archive_tenant(work, POLICIES, "acme")
    hear(march)
    assert firing(march) == []


def test_a_directory_that_is_disconnected_while_it_is_read_raises_nothing(march: Estate) -> None:
    connection, _ = march.connect("acme", POLICIES)
    cloud = march.clouds["acme"] = Parting(part=lambda: march.disconnect(connection))
    say(cloud, [], [])
    spend(march, cloud, budget(spent="120"))
    assert firing(march) == []


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_subscriptions_are_looked_up_once_a_reading(march: Estate) -> None:
    _, cloud = march.connect("acme", POLICIES)
    for name in ("s2", "s3", "s4"):
        cloud.pages[name] = []
    say(cloud, [], [])
    asked: list[str] = []

    def note(*about: Any) -> None:  # noqa: ANN401  of SQLAlchemy
        asked.append(about[2])

    listen(march.engine, "before_cursor_execute", note)
    sync(march)
    remove(march.engine, "before_cursor_execute", note)
    looks = [text for text in asked if "FROM governance_cost_scope" in text]
    assert len([text for text in looks if text.startswith("SELECT")]) == 1, looks


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_budgets_of_one_subscription_are_found_by_an_index(march: Estate) -> None:
    march.tenant("acme")
    own, asked = Tenants(frozenset({"acme"})), list[tuple[str, Any]]()

    def note(*about: Any) -> None:  # noqa: ANN401  of SQLAlchemy
        asked.append((about[2], about[3]))

    with march.work() as work:
        listen(march.engine, "before_cursor_execute", note)
        ledger.keep_budgets(work, own, TenantId("acme"), "s1", [])
        remove(march.engine, "before_cursor_execute", note)
        plans = [
            " ".join(row[3] for row in work.db.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", given))
            for text, given in asked
        ]
    assert len(plans) == 2
    assert all("governance_cost_budget_scope (tenant=? AND scope=?)" in one for one in plans), plans


@pytest.mark.census("CG-008")
def test_an_exceeded_budget_is_an_incident_with_its_runbook(march: Estate) -> None:
    _, cloud = march.connect("cloudgov", POLICIES)
    apply(march.engine, "cloudgov")
    say(cloud, [], [])
    spend(march, cloud, budget(spent="120"))
    with march.look() as work:
        [one] = looking.listed(work, "cloudgov")
    assert (one.severity.name, one.links["runbook"]) == ("P1", "budget-exceeded")
    assert len(one.checklist) == 5


@pytest.fixture
def cloudgov(engine: Engine, tmp_path: Path) -> Iterator[Rehearsed]:
    """The tenant of runbook 001 with a simulated cloud, on the 20th of a month."""
    now = utc_now().replace(day=1) - timedelta(days=1)
    now = now.replace(day=20, hour=12)
    options = SimulatorOptions(folder=tmp_path, tenants=1, resources=60, now=now)
    with running(options) as simulator, rehearsing(simulator) as rehearsal:
        estate = Rehearsed(engine, rehearsal=rehearsal, now=now, options=Options(days_back=19))
        [access] = simulator.tenants
        estate.secrets[access.client_id] = access.client_secret
        estate.restart()
        apply(engine, "cloudgov")
        new = NewConnection(
            directory=access.tenant_id,
            name="cloudgov",
            client=access.client_id,
            secret=f"env:{access.client_id}",
        )
        with estate.work() as work:
            connect(work, POLICIES, TenantId("cloudgov"), new)
        yield estate
        assert estate.azure is not None
        estate.azure.close()


@pytest.mark.census("CG-008")
def test_costs_that_rise_are_an_incident_until_they_fall(cloudgov: Rehearsed) -> None:
    def read() -> tuple[int, list[str]]:
        cloudgov.pass_time(minutes=5)
        assert {run.state for run in cloudgov.read_all("costs").values()} == {RunState.SUCCESS}
        hear(cloudgov)
        with cloudgov.look() as work:
            return len(firing(cloudgov)), [one.severity.name for one in looking.listed(work)]

    assert read() == (0, [])
    assert cloudgov.rehearsal is not None
    for held in (one["id"] for one in cloudgov.rehearsal.estate()[0]["subscriptions"]):
        month = cloudgov.now.replace(day=1).date()
        days = {"first": str(month), "last": str(month.replace(day=20))}
        cloudgov.rehearsal.lever("restatements", subscription=held, **days, permille=10_000)
    exceeded, incidents = read()
    assert exceeded == len(incidents) > 0
    assert set(incidents) == {"P1"}
    assert read() == (exceeded, incidents)
    for held in (one["id"] for one in cloudgov.rehearsal.estate()[0]["subscriptions"]):
        cloudgov.rehearsal.lever("budgets", "PUT", subscription=held, amount=10**9)
    assert read() == (0, incidents)
