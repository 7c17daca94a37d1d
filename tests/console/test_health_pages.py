"""Health, maintenance and changes on the console, without JavaScript."""

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from console.stage import Stage
from operations.health.endpoints import Endpoint, endpoint
from quarterdeck.access.principals.model import installation
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.work import begin
from quarterdeck.operations.health.means import means_of
from quarterdeck.operations.health.model.registry import Probe, ProbeKind, Service
from quarterdeck.operations.health.model.restarts import Result
from quarterdeck.operations.health.prober import Prober
from quarterdeck.operations.health.service import registry, restarting
from waiting import until

ONE = "/services/acme/prod"


@pytest.fixture
def web() -> Iterator[Endpoint]:
    with endpoint() as opened:
        yield opened


def look(stage: Stage) -> None:
    means = means_of(stage.runtime().settings, stage.clock)
    with closing(Prober(engine=stage.engine, means=means)) as prober:
        prober.beat()
        until(lambda: (prober.beat(), not prober.open)[1])


def entry(name: str, probe: Probe, region: str, on: tuple[str, ...]) -> Service:
    return Service(
        tenant=TenantId("acme"),
        environment="prod",
        name=name,
        region=region,
        depends_on=on,
        probes=(probe,),
    )


@pytest.fixture
def shop(estate: Stage, web: Endpoint) -> Stage:
    """A shop whose database is gone: what hangs on it is down too; the mail is well."""
    web.status = 503
    ill = Probe(name="ready", kind=ProbeKind.HTTP, target=web.url, failures=1)
    with endpoint() as well:
        good = Probe(name="ready", kind=ProbeKind.HTTP, target=well.url, failures=1)
        with begin(estate.engine, installation(), estate.clock) as work:
            for name, probe, region, on in (
                ("database", ill, "North", ()),
                ("web", ill, "North", ("database",)),
                ("mail", good, "West", ()),
            ):
                registry.register(work, entry(name, probe, region, on))
        look(estate)
    return estate


def test_an_empty_registry_says_how_to_begin(client: TestClient) -> None:
    text = client.get("/services").text
    assert "No service is registered" in text
    assert "quarterdeck service set" in text


@pytest.mark.usefixtures("shop")
@pytest.mark.census("ATP-025", "ATP-088", "PX-006")
def test_the_root_stands_first_with_what_hangs_on_it_under_it(client: TestClient) -> None:
    text = client.get("/services").text
    assert "2 of 3 services down" in text
    database, web, mail = (text.index(f"{ONE}/{name}") for name in ("database", "web", "mail"))
    assert database < web < mail
    assert "because of it: " in text[database:web]
    assert re.search(r"<th scope=\"col\">North</th><th scope=\"col\">West</th>", text)


def test_the_page_says_where_it_does_not_show_every_service(
    client: TestClient, shop: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "MOST", 1)
    assert "only</h2>" not in client.get("/services").text
    probe = Probe(name="ready", kind=ProbeKind.HTTP, target="http://127.0.0.1:1/")
    with begin(shop.engine, installation(), shop.clock) as work:
        far = replace(entry("far", probe, "West", ()), environment="test")
        registry.register(work, far)
    assert "These are the first 3 services only" in client.get("/services").text


@pytest.mark.usefixtures("shop")
def test_a_service_says_why_and_what_hangs_on_it(client: TestClient) -> None:
    text = client.get(f"{ONE}/web").text
    assert "web is down since" in text
    assert "Because of something else" in text
    assert "HTTP 503" in text
    assert '<rect class="critical"' in text
    assert "What hangs on it" in client.get(f"{ONE}/database").text
    assert client.get(f"{ONE}/nothing").status_code == 404


def test_maintenance_is_begun_shown_on_every_page_and_ended(client: TestClient) -> None:
    said = {"reason": "patching <db>", "minutes": "30"}
    assert client.post("/maintenance", data=said).status_code == 303
    assert "patching &lt;db&gt;, until" in client.get("/").text
    text = client.get("/maintenance").text
    assert "1 maintenance window open" in text
    window = re.search(r'action="/maintenance/([^/"]+)/end"', text)
    assert window
    assert client.post(f"/maintenance/{window[1]}/end", data={}).status_code == 303
    assert "No maintenance now" in client.get("/maintenance").text
    for odd in ("soon", "-1", "1.5", "9" * 500):
        refused = client.post("/maintenance", data={"reason": "x", "minutes": odd})
        assert refused.status_code == 422
        assert "minutes are a whole number, such as 60" in refused.text
    assert client.post("/maintenance", data={"reason": "", "minutes": "5"}).status_code == 422


def test_changes_are_frozen_and_thawed(client: TestClient) -> None:
    assert "Nothing is frozen" in client.get("/changes").text
    said = {"reason": "budget spent", "level": "features"}
    assert client.post("/changes/freeze", data=said).status_code == 303
    text = client.get("/changes").text
    assert "1 freeze in force" in text
    freeze = re.search(r'action="/changes/([^/"]+)/thaw"', text)
    assert freeze
    assert client.post(f"/changes/{freeze[1]}/thaw", data={}).status_code == 303
    assert "Nothing is frozen" in client.get("/changes").text
    assert client.post("/changes/freeze", data={"reason": "x", "level": "?"}).status_code == 422


@pytest.mark.usefixtures("shop")
def test_a_service_says_how_often_it_was_started_again(client: TestClient, estate: Stage) -> None:
    assert "Started again" not in client.get(f"{ONE}/database").text
    with begin(estate.engine, installation(), estate.clock) as work:
        one = restarting.claim(work, ["acme.prod.database"], 3)
        assert one
        restarting.settle(work, one, Result.DONE, "systemd did")
    text = client.get(f"{ONE}/database").text
    assert "Attempt 1 by command" in text
    assert "systemd did" in text
