"""Pages as a browser without JavaScript gets them."""

import re
from collections import Counter
from collections.abc import Iterator
from json import loads

import pytest
from starlette.testclient import TestClient

from console.conftest import reader, sign_in
from console.stage import Stage, resource
from quarterdeck.console.navigation import GROUPS
from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass
from quarterdeck.operations.logs import service as logs

PAGES = (
    "/",
    "/resources",
    "/sync",
    "/trail",
    "/trail/acme/0",
    "/tenants",
    "/tenants/connect",
    "/tenants/acme",
    "/identity",
    "/tokens",
    "/services",
    "/maintenance",
    "/changes",
    "/settings",
)
EVIL = '"><script>alert(1)</script>'


@pytest.fixture
def empty(stage: Stage) -> Iterator[TestClient]:
    """An installation without a tenant."""
    with reader(stage) as opened:
        sign_in(opened, stage.token())
        yield opened


def test_each_page_answers_in_its_first_line(client: TestClient) -> None:
    for path in PAGES:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert headline(answer.text), path
    assert client.get("/now/jobs").status_code == 200


@pytest.mark.parametrize("index", ["-1", "99999999999999999999999", "x"])
def test_a_record_that_no_log_could_have_is_a_problem_on_a_page(
    client: TestClient, index: str
) -> None:
    answer = client.get(f"/trail/acme/{index}", headers={"Accept": "text/html"})
    assert answer.status_code == 422
    assert "text/html" in answer.headers["content-type"]


def test_a_referer_that_is_no_address_breaks_no_page(client: TestClient) -> None:
    answer = client.get("/nowhere", headers={"Accept": "text/html", "Referer": "http://["})
    assert answer.status_code == 404
    assert "text/html" in answer.headers["content-type"]


def test_no_page_has_script_or_style_inside(client: TestClient) -> None:
    inside = r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|javascript:"
    assert [path for path in PAGES if re.search(inside, client.get(path).text)] == []


def test_every_form_that_changes_something_carries_the_token(client: TestClient) -> None:
    for path in PAGES:
        forms = re.findall(r'<form[^>]*method="post".*?</form>', client.get(path).text, re.DOTALL)
        ours = [form for form in forms if 'action="/preferences"' not in form]
        assert ours, path
        assert all('name="csrf" value="' in form for form in ours), path


def test_the_first_page_says_whether_the_estate_is_known_current_and_provable(
    client: TestClient,
) -> None:
    said = headline(client.get("/").text)
    assert said.startswith("Estate: current, 2 of 2 tenants known, log signed ")


def test_the_first_page_says_which_tenant_is_stale_and_since_when(
    client: TestClient, estate: Stage
) -> None:
    estate.clouds["beta"].refusal = CloudFailure(FailureClass.AUTHENTICATION, "secret expired")
    estate.pass_time(hours=1, minutes=50)
    estate.sync()
    estate.pass_time(minutes=15)
    text = client.get("/").text
    assert "1 of 8 domains stale since" in headline(text)
    beta = next(row for row in text.split("<tr>") if ">Beta</a>" in row)
    assert 'class="hatch critical"' in beta
    assert "stalled" in beta


def test_without_a_tenant_the_first_page_says_what_to_do_next(empty: TestClient) -> None:
    text = empty.get("/").text
    assert headline(text).startswith("Estate: nothing is connected yet")
    assert 'href="/tenants/connect">Connect a tenant' in text


@pytest.mark.parametrize("path", ["/resources", "/sync", "/tenants"])
def test_an_empty_list_says_what_to_do_next(empty: TestClient, path: str) -> None:
    assert "Connect a tenant</a>" in empty.get(path).text


def test_a_name_from_a_cloud_is_text_and_never_markup(stage: Stage) -> None:
    stage.connect("evil", EVIL, resource(EVIL, tags={EVIL: EVIL}))
    stage.sync()
    with reader(stage) as client:
        sign_in(client, stage.token())
        listed = client.get("/resources").text
        one = re.findall(r'href="(/resources/[0-9a-f]{32})"', listed)[0]
        for path in ("/", "/resources", one, "/tenants", "/sync", "/trail"):
            text = client.get(path).text
            assert "<script>alert" not in text, path
            assert EVIL.replace('"', "") not in text


def test_what_is_searched_for_stands_in_the_page_as_text(client: TestClient) -> None:
    text = client.get("/resources", params={"q": EVIL, "tenant": "acme"}).text
    assert "Nothing matches" in text
    assert "<script>alert" not in text


def test_the_filter_of_the_list_is_its_address(client: TestClient) -> None:
    assert names(client.get("/resources").text) == ["db-1", "web-1", "web-2"]
    assert names(client.get("/resources?q=WEB").text) == ["web-1", "web-2"]
    assert names(client.get("/resources?tag=env%3Dprod").text) == ["web-2"]
    assert names(client.get("/resources?tenant=beta").text) == ["db-1"]
    assert names(client.get("/resources?type=microsoft.sql/servers").text) == ["db-1"]


def test_the_list_pages_without_losing_its_filter(client: TestClient) -> None:
    first = client.get("/resources?q=web&limit=1").text
    assert names(first) == ["web-1"]
    link = re.findall(r'rel="next" href="([^"]+)"', first)[0].replace("&amp;", "&")
    assert names(client.get(link).text) == ["web-2"]


def test_what_is_shown_can_be_taken_away_as_lines_of_json(client: TestClient) -> None:
    answer = client.get("/resources.ndjson?q=web")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert [line["name"] for line in map(loads, answer.text.splitlines())] == ["web-1", "web-2"]


def test_a_resource_that_is_gone_says_so_and_keeps_its_history(
    client: TestClient, estate: Stage
) -> None:
    estate.clouds["acme"].pages = {"s1": [[resource("web-2")]]}
    estate.pass_time(minutes=1)
    estate.sync()
    gone = re.findall(
        r'href="(/resources/[0-9a-f]{32}[^"]*)">web-1', client.get("/resources?deleted=true").text
    )[0]
    text = client.get(gone).text
    assert "web-1: removed" in headline(text)
    assert "Removed" in text
    assert "Added" in text
    assert 'class="mark proven"' in text


def test_a_failed_run_says_what_to_do(client: TestClient, estate: Stage) -> None:
    estate.clouds["acme"].refusal = CloudFailure(
        FailureClass.AUTHENTICATION, "AADSTS7000222: expired", request_id="req-7"
    )
    estate.pass_time(minutes=1)
    estate.sync()
    link = re.findall(r'failed</span></span> <a data-row href="([^"]+)"', client.get("/sync").text)
    text = client.get(link[0]).text
    assert re.search("Sync of [a-z]+ failed", headline(text))
    assert "AADSTS7000222" in text
    assert "Rotate the credential of connection Acme" in text
    assert "req-7" in text


def test_a_record_shows_its_way_to_the_signed_root(client: TestClient) -> None:
    text = client.get("/trail/acme/0").text
    assert "Tenant created" in headline(text)
    assert "proven" in headline(text)
    assert '<g class="here">' in text
    assert '<g class="top">' in text


def test_another_tenants_record_is_not_there(estate: Stage) -> None:
    with reader(estate) as client:
        token = estate.token("tenant-admin", "beta", home="beta")
        assert client.post("/sign-in", data={"token": token}).status_code == 303
        assert client.get("/trail/acme/0").status_code == 404
        assert client.get("/resources?tenant=acme").status_code == 404
        assert "Acme" not in client.get("/tenants").text
        assert names(client.get("/resources").text) == ["db-1"]


def test_each_key_leads_to_one_page() -> None:
    keys = Counter(entry.key for group in GROUPS for entry in group.entries)
    assert [key for key, many in keys.items() if many > 1] == []


def test_the_navigation_leads_nobody_to_a_refusal(estate: Stage) -> None:
    with reader(estate) as client:
        client.post("/sign-in", data={"token": estate.token("management")})
        text = client.get("/").text
        links = re.findall(r'<a class="[^"]*" href="([^"]+)" data-key="g', text)
        assert links
        assert [client.get(link).status_code for link in links] == [200] * len(links)


def test_demo_says_on_every_page_what_it_means(stage: Stage) -> None:
    stage.demo = True
    stage.connect("acme", "Acme", resource("web-1"))
    stage.sync()
    with TestClient(
        stage.app(), base_url="http://127.0.0.1:8080", client=("127.0.0.1", 5000)
    ) as client:
        for path in ("/", "/resources", "/sync", "/trail", "/tenants"):
            assert "let in without a credential" in client.get(path).text


def test_settings_say_where_each_value_came_from_and_hide_secrets(client: TestClient) -> None:
    text = client.get("/settings").text
    assert "rate_limit_per_s" in text
    assert "********" in text
    assert "32-bytes-or-longer" not in text


def headline(text: str) -> str:
    """The words of a page's first line."""
    found = re.search(r"<h1>(.*?)</h1>", text, re.DOTALL)
    assert found
    words = re.sub(r"<svg.*?</svg>|<[^>]+>", "", found[1], flags=re.DOTALL)
    return " ".join(words.split())


def names(text: str) -> list[str]:
    """The names of the resources in a list."""
    return re.findall(r'<a data-row class="break" href="[^"]*">([^<]*)</a>', text)


def test_of_many_rows_the_first_are_shown_and_it_is_said(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"n": f"row-{n}"} for n in range(501)]
    monkeypatch.setattr(logs, "query", lambda *_: logs.Answer(columns=["n"], rows=rows))
    text = client.get("/logs?query=traces").text
    assert "The first 500 of 501 rows" in text
    assert ("row-499" in text, "row-500" in text) == (True, False)
    del rows[500]
    assert "The first" not in client.get("/logs?query=traces").text
