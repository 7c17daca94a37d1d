"""The pages of sync and of alerts, without JavaScript."""

import re

from starlette.testclient import TestClient

from console.stage import Stage
from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass
from quarterdeck.operations.alerts import hearing
from quarterdeck.worker.delivery import deliver_all

REFUSED = CloudFailure(FailureClass.AUTHENTICATION, "AADSTS7000215: Invalid client secret")


def test_a_failure_is_an_alert_that_can_be_resolved(client: TestClient, estate: Stage) -> None:
    estate.clouds["acme"].refusal = REFUSED
    estate.pass_time(minutes=1)
    estate.sync()
    while deliver_all(estate.engine, estate.clock, [hearing.subscriber()]):
        pass
    text = client.get("/alerts").text
    assert "Sync of resources failed: authentication" in text
    assert "Rotate the credential" in text
    assert "Pattern: authentication" in client.get("/sync").text
    assert client.post("/alerts/1/resolve", data={}).status_code == 303
    assert "Resolved of late" in client.get("/alerts").text


def test_a_domain_is_paused_changed_and_resumed(client: TestClient) -> None:
    assert client.post("/sync/resources/pause", data={}).status_code == 303
    assert "Resume" in client.get("/sync").text
    assert client.post("/sync/resources", data={}).status_code == 409
    assert client.post("/sync/resources/resume", data={}).status_code == 303
    figures = {"interval": "120", "limit": "30", "base": "1", "factor": "2", "cap": "15"}
    figures |= {"fewest": "5"}
    assert client.post("/sync/resources/policy", data=figures).status_code == 303
    page = client.get("/sync").text
    assert 'name="interval" type="number" min="0.01" step="any" required value="120"' in page
    assert 'name="fewest" type="number" min="1" max="1000" required value="5"' in page


def test_what_is_not_known_to_be_gone_is_shown_as_such(client: TestClient, estate: Stage) -> None:
    cloud = estate.clouds["acme"]
    cloud.hold("db", subscription="s2")
    estate.pass_time(minutes=1)
    estate.sync()
    page = client.get("/resources?text=db").text
    [link] = re.findall(r'href="/resources/([0-9a-f]{32})[^>]*>db<', page)
    assert "not known" not in client.get(f"/resources/{link}").text
    del cloud.pages["s2"]
    estate.pass_time(minutes=1)
    estate.sync()
    page = client.get("/sync").text
    assert "Whether 1 item of resources of Acme is gone" in page
    assert "believed if it says the same" in page
    assert "not known whether it is gone" in client.get(f"/resources/{link}").text


def test_a_run_says_how_it_read(client: TestClient, estate: Stage) -> None:
    estate.pass_time(minutes=1)
    estate.sync()
    page = client.get("/sync").text
    run = re.findall(r'href="/sync/([0-9a-f-]{36})">resources<', page)[0]
    assert "Read whole" in client.get(f"/sync/{run}").text


def test_what_was_never_read_is_not_called_current(client: TestClient, estate: Stage) -> None:
    estate.connect("globex", "Globex")
    page = client.get("/sync").text
    headline = page[page.index('id="headline"') :].split("</h1>")[0]
    assert "not read yet, the others current" in headline
    assert "all" not in headline
    card = page[page.index('id="upkeep-1"') :].split("</header>")[0]
    assert re.search(r"\d of \d not read yet", card)
    assert "<span>current<" not in card
