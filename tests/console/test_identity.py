"""The page of identity, as a browser without JavaScript gets it."""

from datetime import timedelta

from starlette.testclient import TestClient

from console.stage import Stage
from governance.identity.directory import item, settle, unlicensed
from quarterdeck.access.principals.model import installation
from quarterdeck.governance.sync.model import IDENTITY, policies
from quarterdeck.governance.sync.service.requests import request_sync
from quarterdeck.kernel.work import begin


def read(estate: Stage) -> None:
    with begin(estate.engine, installation(), estate.clock) as work:
        request_sync(work, policies(among=[IDENTITY]), IDENTITY)
    estate.work()


def test_the_soonest_secrets_stand_open_and_the_rest_fold_away(
    client: TestClient, estate: Stage
) -> None:
    settle(estate.clouds["acme"])
    secrets = [
        {"keyId": f"k{n}", "displayName": f"key {n}", "endDateTime": f"{end:%Y-%m-%dT%H:%M:%SZ}"}
        for n in range(8)
        for end in [estate.clock() + timedelta(days=n + 1)]
    ]
    app = item(id="o1", appId="app-1", displayName="Billing", passwordCredentials=secrets)
    estate.clouds["acme"].said[("applications",)] = [[app]]
    read(estate)
    text = client.get("/identity").text
    unfolded, _, folded = text.partition("3 more, that end later")
    assert all(f"key {n}" in unfolded for n in range(5))
    assert all(f"key {n}" in folded for n in range(5, 8))


def test_what_a_licence_hides_is_named_before_the_people(client: TestClient, estate: Stage) -> None:
    settle(estate.clouds["acme"])
    unlicensed(estate.clouds["acme"])
    read(estate)
    text = client.get("/identity").text
    assert "Not known, and why" in text
    assert "missing: " in text[: text.index("<tbody")]
    assert client.get("/identity?enforced=not_known").text.count("not known") > 1
    assert "Nobody matches" in client.get("/identity?q=nobody-at-all").text
