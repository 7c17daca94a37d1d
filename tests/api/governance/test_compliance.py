import csv
import io
import json
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from governance.compliance.conftest import Checked
from governance.compliance.said import advice, state
from quarterdeck.governance.cloud.ports import Denied
from quarterdeck.kernel.clock import utc_now

Headers = dict[str, str]
URL = "/api/v1/compliance"


@pytest.fixture
def estate(database: Engine) -> Checked:
    """Tenant ``one``: 2 of 3 comply, 1 exempt; tenant ``two`` may not be read."""
    estate = Checked(database, now=utc_now() - timedelta(minutes=1))
    _, one = estate.connect("one")
    words = {"a": "Compliant", "b": "Compliant", "c": "NonCompliant", "d": "Exempt"}
    estate.say(one, [state(name, word=word) for name, word in words.items()])
    one.said["advice", "s1"] = [[advice("1"), advice("2", "Low")]]
    _, two = estate.connect("two")
    estate.say(two, Denied("403", missing="Reader"))
    estate.sync()
    return estate


@pytest.mark.census("AG-051")
@pytest.mark.usefixtures("estate")
def test_the_summary_is_consistent_with_the_rows(client: TestClient, ada: Headers) -> None:
    found = client.get(f"{URL}/summary", headers=ada).json()
    rows = client.get(f"{URL}/states", headers=ada).json()
    by_state = [s["state"] for s in rows["states"]]
    assert {v: by_state.count(v) for v in ("compliant", "non_compliant", "exempt")} == {
        v: found["counts"][v] for v in ("compliant", "non_compliant", "exempt")
    }
    assert found["counts"]["total"] == len(by_state) == 4
    assert found["score_percent"] == 66.6
    assert found["counts"] == rows["counts"]
    assert [p["policy"] for p in found["policies"]] == ["tls"]


@pytest.mark.usefixtures("estate")
def test_a_tenant_that_may_not_be_read_has_no_score_rather_than_zero(
    client: TestClient, ada: Headers
) -> None:
    found = client.get(f"{URL}/summary", headers=ada).json()
    one, two = found["tenants"]
    assert (one["score_percent"], one["freshness"]["state"]) == (66.6, "current")
    assert (two["score_percent"], two["freshness"]["state"]) == (None, "never")
    assert two["coverage"]["silent"][0]["missing_role"] == "Reader"
    coverage = found["coverage"]
    assert (coverage["tenants_heard"], coverage["tenants"], coverage["percent"]) == (1, 2, 50.0)
    assert not coverage["complete"]


@pytest.mark.census("AG-010")
def test_data_of_six_hours_offers_a_sync(
    client: TestClient, ada: Headers, database: Engine
) -> None:
    old = Checked(database, now=utc_now() - timedelta(hours=6))
    _, cloud = old.connect("one")
    old.say(cloud, [state("a")])
    old.sync()
    fresh = client.get(f"{URL}/summary", headers=ada).json()["freshness"]
    assert (fresh["state"], fresh["action"]) == ("stale", "POST /api/v1/sync/compliance")
    assert fresh["age_seconds"] > 5.9 * 3600


@pytest.mark.parametrize(
    ("asked", "many"),
    [
        ("", 4),
        ("?state=non_compliant", 1),
        ("?policy=TLS", 4),
        ("?policy=none", 0),
        ("?assignment=Baseline", 4),
        ("?resource_group=RG", 4),
        ("?resource_group=r", 0),
        ("?subscription=s1", 4),
        ("?text=sites/A", 1),
        ("?tenant_ids=one", 4),
        ("?tenant_ids=two", 0),
    ],
)
@pytest.mark.usefixtures("estate")
def test_states_are_filtered(client: TestClient, ada: Headers, asked: str, many: int) -> None:
    found = client.get(f"{URL}/states{asked}", headers=ada).json()
    assert (len(found["states"]), found["counts"]["total"]) == (many, many)


@pytest.mark.usefixtures("estate")
def test_pages_join_to_the_whole_and_stream_as_lines(client: TestClient, ada: Headers) -> None:
    names: list[str] = []
    url = f"{URL}/states?limit=3"
    while url:
        answer = client.get(url, headers=ada)
        names += [s["id"] for s in answer.json()["states"]]
        url = answer.links.get("next", {}).get("url", "")
    accept = {**ada, "Accept": "application/x-ndjson"}
    lines = client.get(f"{URL}/states", headers=accept).text.splitlines()
    assert [json.loads(line)["id"] for line in lines] == names
    assert len(names) == 4


@pytest.mark.usefixtures("estate")
def test_one_state_comes_with_what_the_cloud_sent_and_its_history(
    client: TestClient, ada: Headers, eve: Headers
) -> None:
    [found] = client.get(f"{URL}/states?state=exempt", headers=ada).json()["states"]
    one = client.get(f"{URL}/states/{found['id']}", headers=ada).json()
    assert one["body"]["complianceState"] == "Exempt"
    assert [c["what"] for c in one["history"]] == ["added"]
    assert client.get(f"{URL}/states/{found['id']}", headers=eve).status_code == 404
    assert client.get(f"{URL}/states?tenant_ids=one", headers=eve).status_code == 404
    assert client.get(f"{URL}/states", headers=eve).json()["states"] == []


@pytest.mark.census("PX-046")
@pytest.mark.usefixtures("estate")
def test_a_group_is_summed_up_by_policy(client: TestClient, ada: Headers) -> None:
    [found] = client.get(f"{URL}/groups/RG/summary", headers=ada).json()
    [policy] = found["policies"]
    assert (policy["policy"], policy["counts"]["compliant"]) == ("tls", 2)
    assert policy["counts"]["non_compliant"] == found["non_compliant_resources"] == 1
    assert client.get(f"{URL}/groups/none/summary", headers=ada).status_code == 404
    [row] = client.get(f"{URL}/groups", headers=ada).json()
    assert row["resource_group"] == "rg"


@pytest.mark.usefixtures("estate")
def test_the_trend_has_every_day_and_gaps_are_null(client: TestClient, ada: Headers) -> None:
    days = client.get(f"{URL}/trend", headers=ada).json()["days"]
    assert len(days) == 30
    assert (days[-1]["score_percent"], days[0]["score_percent"]) == (66.6, None)
    bad = client.get(f"{URL}/trend?first=2026-02-01&last=2026-01-01", headers=ada)
    assert (bad.status_code, bad.json()["type"]) == (422, "/problems/NoSuchTrend")
    long_ago = client.get(f"{URL}/trend?last=0001-01-01", headers=ada).json()["days"]
    assert [day["score_percent"] for day in long_ago] == [None]


def test_drift_says_what_turned_and_since_when(
    client: TestClient, ada: Headers, estate: Checked
) -> None:
    estate.pass_time(seconds=5)
    estate.say(estate.clouds["one"], [state("a", word="NonCompliant"), state("b")])
    estate.sync()
    [found] = client.get(f"{URL}/drift", headers=ada).json()["drift"]
    assert (found["was"], found["state"], found["policy_name"]) == (
        "compliant",
        "non_compliant",
        "tls",
    )
    assert found["since"] > found["first_seen"]
    assert found["resource"].endswith("/a")


@pytest.mark.usefixtures("estate")
def test_advice_of_high_impact_stands_first(client: TestClient, ada: Headers) -> None:
    found = client.get(f"{URL}/advice", headers=ada).json()["advice"]
    assert [a["impact"] for a in found] == ["High", "Low"]
    assert found[0]["solution"] == "Close it"
    first = client.get(f"{URL}/advice?limit=1", headers=ada)
    second = client.get(first.links["next"]["url"], headers=ada).json()["advice"]
    assert second == found[1:]
    assert client.get(f"{URL}/advice?category=Cost", headers=ada).json()["advice"] == []


@pytest.mark.census("AG-134")
@pytest.mark.usefixtures("estate")
def test_the_export_has_one_row_for_each_record(client: TestClient, ada: Headers) -> None:
    answer = client.get("/api/v1/exports/compliance", headers=ada)
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "compliance-export.csv" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert sorted(r["state"] for r in rows) == [
        "compliant",
        "compliant",
        "exempt",
        "non_compliant",
    ]
    only = client.get("/api/v1/exports/compliance?state=exempt&format=ndjson", headers=ada)
    assert [json.loads(line)["state"] for line in only.text.splitlines()] == ["exempt"]


@pytest.mark.census("BK-049")
@pytest.mark.usefixtures("estate")
def test_a_check_is_made_and_kept(client: TestClient, ada: Headers) -> None:
    made = client.post(
        f"{URL}/checks", json={"tenant": "one", "framework": "baseline"}, headers=ada
    )
    assert made.status_code == 201
    assert made.json()["result"] == "fail"
    kept = client.get(made.headers["Location"], headers=ada).json()
    assert kept == made.json()
    assert [f["result"] for f in kept["findings"]] == ["fail"]
    two = client.post(f"{URL}/checks", json={"tenant": "two"}, headers=ada).json()
    assert two["result"] == "not_known"
    listed = client.get(f"{URL}/checks", headers=ada).json()["checks"]
    assert [c["id"] for c in listed] == [two["id"], kept["id"]]


@pytest.mark.usefixtures("estate")
def test_a_check_needs_its_right(client: TestClient, ada: Headers, eve: Headers) -> None:
    made = client.post(f"{URL}/checks", json={"tenant": "one"}, headers=ada).json()
    assert client.get(f"{URL}/checks/{made['id']}", headers=eve).status_code == 404
    assert client.post(f"{URL}/checks", json={"tenant": "one"}, headers=eve).status_code == 404


@pytest.mark.census("CG-018")
@pytest.mark.parametrize("path", [f"{URL}/scan", "/compliance/scan"])
def test_what_is_fixed_is_resolved_and_absent_in_the_next_scan(
    client: TestClient, ada: Headers, database: Engine, path: str
) -> None:
    estate = Checked(database, now=utc_now() - timedelta(minutes=1))
    _, cloud = estate.connect("one")

    def sync(**words: str) -> None:
        estate.say(cloud, [state(name, word=word) for name, word in words.items()])
        estate.now = utc_now() - timedelta(seconds=1)  # a round of its worker takes one
        estate.sync()

    def scan() -> tuple[list[str], list[tuple[str, bool]]]:
        answer = client.post(path, json={"tenant": "one"}, headers=ada)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert found["check"]["result"] == ("fail" if found["violations"] else "pass")
        broken = [one["resource"].rsplit("/", 1)[1] for one in found["violations"]]
        mended = [(one["state"], bool(one["closed_at"])) for one in found["resolved"]]
        return broken, sorted(mended)

    sync(a="Compliant", b="NonCompliant", c="NonCompliant", d="NonCompliant")
    assert scan() == (["b", "c", "d"], [])
    assert scan() == (["b", "c", "d"], [])
    sync(a="Compliant", b="Compliant", d="NonCompliant")  # b is fixed, c is deleted
    assert scan() == (["d"], [("compliant", False), ("non_compliant", True)])
    sync(a="Compliant", b="Compliant", d="Compliant")
    assert scan() == ([], [("compliant", False)])
    assert scan() == ([], [])
    kept = client.get(f"{URL}/checks", headers=ada).json()["checks"]
    assert [one["result"] for one in kept] == ["pass", "pass", "fail", "fail", "fail"]


@pytest.mark.usefixtures("estate")
def test_a_scan_is_refused_to_who_may_not_check(
    client: TestClient, eve: Headers, nobody: Headers
) -> None:
    body = {"tenant": "one"}
    assert client.post(f"{URL}/scan", json=body, headers=eve).status_code == 404
    assert client.post("/compliance/scan", json=body, headers=nobody).status_code in (403, 404)
