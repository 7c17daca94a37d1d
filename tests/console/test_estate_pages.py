"""The estate's pages as a browser without JavaScript gets them."""

import csv
import io

import pytest
from starlette.testclient import TestClient

from console.stage import Stage, resource
from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass

DISK = "Microsoft.Compute/disks"


@pytest.mark.census("AG-007")
def test_the_review_is_one_page_whose_rows_act(client: TestClient) -> None:
    text = client.get("/review").text
    for check in ("Cost data", "Compliance data", "Resource inventory", "No critical alerts"):
        assert check in text
    assert 'action="/sync/resources"' in text
    assert "Trigger resource sync" in text
    assert "Check tenant connectivity" in text


@pytest.mark.census("AG-008")
def test_the_dashboard_answers_within_five_seconds(client: TestClient) -> None:
    assert client.get("/review").elapsed.total_seconds() < 5
    assert client.get("/").elapsed.total_seconds() < 5


def test_the_review_turns_with_the_estate(client: TestClient, estate: Stage) -> None:
    estate.clouds["acme"].refusal = CloudFailure(FailureClass.AUTHENTICATION, "no")
    estate.pass_time(minutes=5)
    estate.sync()
    assert "not healthy" in client.get("/review").text
    estate.pass_time(hours=3)
    assert "of 6 checks failed" in client.get("/review").text


def test_the_overview_has_each_tenant_and_each_rule(client: TestClient) -> None:
    text = client.get("/estate").text
    for words in ("Acme", "Beta", "unattached disk", "empty plan", "Resources", "not known"):
        assert words in text


def test_the_list_is_sorted_filtered_and_taken_along(client: TestClient, estate: Stage) -> None:
    odd = resource("left", DISK, properties={"diskState": "Unattached"}, tags={"owner": "ada"})
    estate.clouds["acme"].pages["s1"][0].append(odd)  # type: ignore[union-attr]
    estate.pass_time(minutes=5)
    estate.sync()
    found = client.get("/resources?finding=unattached-disk").text
    assert ">left</a>" in found
    assert ">web-1</a>" not in found
    by_name = client.get("/resources?sort=name").text
    assert by_name.index(">db-1<") < by_name.index(">left<") < by_name.index(">web-1<")
    taken = client.get("/resources.csv?owner=ada").text
    assert [row["name"] for row in csv.DictReader(io.StringIO(taken))] == ["left"]


def test_a_view_is_saved_followed_and_removed(client: TestClient) -> None:
    data = {"page": "/resources", "name": "sites", "query": "q=web&sort=name"}
    assert client.post("/views", data=data).headers["location"] == "/resources?q=web&sort=name"
    text = client.get("/resources").text
    assert 'href="/resources?q=web&amp;sort=name">sites</a>' in text
    view = text.split("/views/")[1].split("/")[0]
    client.post(f"/views/{view}/remove", data={"back": "/resources"})
    assert 'sort=name">sites</a>' not in client.get("/resources").text


def test_a_resources_history_shows_what_it_was_before(client: TestClient, estate: Stage) -> None:
    estate.clouds["beta"].pages["s1"] = [
        [resource("db-1", "Microsoft.Sql/servers", sku={"name": "P9"})]
    ]
    estate.pass_time(minutes=5)
    estate.sync()
    list_ = client.get("/resources?q=db-1").text
    page = client.get(list_.split('data-row class="break" href="')[1].split('"')[0]).text
    assert "as it was before" in page
    assert "nobody knows: it bears no owner tag" in page


def test_an_export_is_begun_and_removed_by_forms(client: TestClient) -> None:
    assert "Nothing is exported" in client.get("/exports").text
    done = client.post("/exports", data={"name": "nightly", "of": "acme", "tag": "env=prod"})
    assert done.status_code == 303, done.text
    text = client.get("/exports").text
    assert "nightly" in text
    export = text.split("/exports/")[1].split("/")[0]
    assert client.post(f"/exports/{export}/run").status_code == 303
    assert client.post(f"/exports/{export}/remove").status_code == 303
    assert "Nothing is exported" in client.get("/exports").text
