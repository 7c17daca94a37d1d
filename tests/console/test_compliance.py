import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from console.conftest import reader, sign_in
from console.stage import Stage
from governance.compliance.said import advice, secure_score, state
from governance.programmes.test_service import RIVERSIDE
from quarterdeck.access.principals.model import installation
from quarterdeck.console.pages.compliance import chart
from quarterdeck.governance.cloud.ports import Denied
from quarterdeck.governance.programmes import service
from quarterdeck.governance.sync.model import policies
from quarterdeck.governance.sync.service.requests import request_sync
from quarterdeck.kernel.work import begin

COMPLIANCE = policies(among=["compliance"])


@pytest.fixture
def estate(stage: Stage) -> Stage:
    """Tenant ``acme``: 1 of 2 states complies; ``beta`` may not be read."""
    stage.connect("acme", "Acme")
    stage.connect("beta", "Beta")
    said = stage.clouds["acme"].said
    said["policy_states", "s1"] = [[state("web-1"), state("web-2", word="NonCompliant")]]
    said["secure_scores", "s1"] = [[secure_score()]]
    said["advice", "s1"] = [[advice("1")]]
    stage.clouds["beta"].said["policy_states", "s1"] = [Denied("403", missing="Reader")]
    sync(stage)
    return stage


def sync(stage: Stage) -> None:
    with begin(stage.engine, installation(), stage.clock) as work:
        request_sync(work, COMPLIANCE, "compliance")
    stage.work()
    stage.settle()


@pytest.fixture
def client(estate: Stage) -> Iterator[TestClient]:
    with reader(estate) as opened:
        sign_in(opened, estate.token())
        yield opened


def headline(text: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", text, re.DOTALL)
    assert found
    return " ".join(re.sub(r"<[^>]+>", "", found[1]).split())


def test_the_first_line_states_score_coverage_and_age(client: TestClient) -> None:
    assert headline(client.get("/compliance").text) == (
        "Compliance: 50.0 % of 2 states comply, 1 of 2 subscriptions heard, those are current"
    )
    assert "Grant Reader: 403" in client.get("/compliance").text
    assert headline(client.get("/compliance?tenant=beta").text).startswith("Compliance: not known")


def test_a_policy_leads_to_its_states_and_a_state_to_its_history(client: TestClient) -> None:
    text = client.get("/compliance").text
    policy = re.findall(r'href="(/compliance/states\?policy=[^"]+)"', text)[0]
    listed = client.get(policy.replace("&amp;", "&")).text
    assert headline(listed).startswith("1 policy state found: 1 non-compliant")
    one = re.findall(r'href="(/compliance/states/[0-9a-f]{32})"', listed)[0]
    shown = client.get(one).text
    assert headline(shown).startswith("web-2: non compliant since")
    assert "NonCompliant" in shown
    assert "Added: non compliant" in shown


def test_drift_is_listed_with_its_age(client: TestClient, estate: Stage) -> None:
    assert "Nothing that complied has turned" in client.get("/compliance").text
    estate.clouds["acme"].said["policy_states", "s1"] = [[state("web-1", word="NonCompliant")]]
    estate.pass_time(hours=5)
    sync(estate)
    text = client.get("/compliance").text.split('id="drift"')[1].split("</section>")[0]
    assert ">web-1</a>" in text


def test_days_on_which_nothing_was_read_part_the_line() -> None:
    drawn = chart([100.0, 50.0, None, 0.0, None, 25.0, 25.0])
    assert len(drawn.lines) == 2
    assert drawn.lines[0] == "0.0,0.0 100.0,60.0"
    assert drawn.dots == [(300.0, 120.0)]


def test_a_programme_is_entered_and_fed_by_plain_forms(client: TestClient, estate: Stage) -> None:
    assert "No programme is defined" in client.get("/programmes").text
    with begin(estate.engine, installation(), estate.clock) as work:
        service.define(work, RIVERSIDE)
    assert headline(client.get("/programmes").text) == "1 programme, no tenant takes part"
    assert "Have Acme take part" in client.get("/programmes?tenant=acme").text
    csrf = client.headers["X-CSRF-Token"]
    entered = client.post("/programmes/riverside/enable", data={"tenant": "acme", "csrf": csrf})
    assert entered.headers["Location"] == "/programmes/riverside/acme"
    page = entered.headers["Location"]
    assert "0.0 % mature, 100.0 % at most" in headline(client.get(page).text)
    said = {"requirement": "owners", "state": "met", "csrf": csrf}
    refused = client.post(f"{page}/evidence", data=said)
    assert refused.status_code == 422
    assert "Not kept." in refused.text
    kept = client.post(f"{page}/evidence", data=said | {"link": "https://wiki.example/owners"})
    assert kept.status_code == 303
    assert "25.0 % mature" in headline(client.get(page).text)
    assert 'href="https://wiki.example/owners"' in client.get(page).text
    assert client.post(f"{page}/sync", data={"csrf": csrf}).status_code == 303
    assert headline(client.get("/programmes").text) == (
        "1 programme, 1 tenant takes part, 3 requirements not known"
    )
