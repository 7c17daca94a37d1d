"""Budgets that are exceeded: facts, alerts, and an incident where a runbook says so."""

import pytest

from governance.costs.ledgers import POLICIES, say, sync
from governance.costs.test_budgets import budget
from governance.estate import Estate, FakeCloud
from packs.test_watched import apply
from quarterdeck.kernel.deliveries import Subscriber
from quarterdeck.operations.alerts import hearing as alerts_hear
from quarterdeck.operations.alerts import service as alerts
from quarterdeck.operations.incidents import hearing as incidents_hear
from quarterdeck.operations.incidents.service import looking
from quarterdeck.worker.delivery import deliver_all

EARS: list[Subscriber] = [alerts_hear.subscriber(), incidents_hear.subscriber()]


def spend(march: Estate, cloud: FakeCloud, *bodies: str) -> None:
    cloud.said["budgets", "s1"] = [[one.encode() for one in bodies]]
    sync(march)
    march.pass_time(days=1)
    while deliver_all(march.engine, march.clock, EARS):
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
