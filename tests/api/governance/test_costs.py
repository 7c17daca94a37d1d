"""Costs over HTTP: summaries, series, entries, files out and in."""

import csv
import io
import json
from datetime import date
from io import BytesIO

import pytest
from starlette.testclient import TestClient

from governance.costs.ledgers import BY, POLICIES, row, total
from governance.costs.test_budgets import budget
from governance.costs.test_focus import MANDATORY
from governance.estate import Estate
from quarterdeck.governance.cloud.ports import CostBasis, Denied
from quarterdeck.governance.costs.calendar import DAY, day_period, end_of_month, month_of
from quarterdeck.governance.sync.service.requests import request_sync

Headers = dict[str, str]
URL = "/api/v1/costs"


def months(estate: Estate) -> tuple[tuple[date, date], tuple[date, date]]:
    """The last whole month, and this one until today."""
    today = estate.now.date()
    before = month_of(month_of(today) - DAY)
    return (before, end_of_month(before)), (month_of(today), today)


@pytest.fixture
def synced(estate: Estate) -> Estate:
    """Tenants ``one`` (a subscription is denied) and ``two``; each 10 and 2.5 in the last month."""
    before, _ = months(estate)
    first = day_period(before[0])
    for directory, service in (("one", "Storage"), ("two", "Compute")):
        _, cloud = estate.connect(directory, POLICIES)
        cloud.pages = {f"{directory}-s": []}
        items = [row(str(first), "10", service), row(str(first + 1), "2.5", service, "web")]
        for basis in CostBasis:
            cloud.said["costs", f"{directory}-s", *before, basis, BY] = [items]
            cloud.said["cost_total", f"{directory}-s", *before, basis] = [[total("12.5")]]
    estate.clouds["one"].pages["shut"] = []
    denied = Denied("no right to read costs", missing="Cost Management Reader")
    estate.clouds["one"].said["costs", "shut", *before, CostBasis.ACTUAL, BY] = [denied]
    sync(estate)
    return estate


def sync(estate: Estate) -> None:
    with estate.work() as work:
        request_sync(work, POLICIES, "costs")
    estate.run_due()


@pytest.fixture
def asked(synced: Estate) -> str:
    """The last month, as an address asks for it."""
    (first, last), _ = months(synced)
    return f"start_date={first}&end_date={last}"


@pytest.mark.census("AG-050")
def test_a_summary_says_totals_age_coverage_and_control_totals(
    client: TestClient, ada: Headers, asked: str
) -> None:
    found = client.get(f"{URL}/summary?{asked}&group_by=service", headers=ada).json()
    assert found["totals"] == [{"amount": "25.00", "currency": "EUR"}]
    assert [(g["key"], g["amount"]) for g in found["groups"]] == [
        ("Compute", "12.50"),
        ("Storage", "12.50"),
    ]
    assert found["coverage"]["subscriptions"] == 3
    assert found["coverage"]["subscriptions_known"] == 2
    assert found["coverage"]["not_known"][0]["reason"] == (
        "not allowed: grant Cost Management Reader"
    )
    assert found["freshness"]["state"] == "current"
    assert found["control"] == {"state": "agrees", "agrees": 2, "differs": 0, "not_known": 0}


@pytest.mark.census("AG-050")
def test_totals_are_those_of_the_entries(client: TestClient, ada: Headers, asked: str) -> None:
    found = client.get(f"{URL}?{asked}", headers=ada).json()["costs"]
    assert sorted(e["amount"] for e in found) == ["10.00", "10.00", "2.50", "2.50"]
    assert {e["currency"] for e in found} == {"EUR"}


def test_a_summary_is_of_this_month_unless_it_says_others(
    client: TestClient, ada: Headers, synced: Estate
) -> None:
    del synced
    found = client.get(f"{URL}/summary", headers=ada).json()
    assert found["start_date"].endswith("-01")
    assert found["totals"] == []
    assert found["coverage"]["tenants"] == 2


@pytest.mark.usefixtures("synced")
@pytest.mark.parametrize(
    ("more", "total"),
    [
        ("&tenant_ids=one", "12.50"),
        ("&tenant_ids=one,two", "25.00"),
        ("&service=Compute", "12.50"),
        ("&resource_group=WEB", "5.00"),
        ("&subscription=two-s", "12.50"),
        ("&service=Compute&resource_group=web", "2.50"),
    ],
)
def test_costs_are_narrowed(
    client: TestClient, ada: Headers, asked: str, more: str, total: str
) -> None:
    found = client.get(f"{URL}/summary?{asked}{more}", headers=ada).json()
    assert found["totals"] == [{"amount": total, "currency": "EUR"}]


def test_a_past_day_shows_what_was_known_then(
    client: TestClient, ada: Headers, asked: str, synced: Estate
) -> None:
    day = synced.now.date()
    before = client.get(f"{URL}/summary?{asked}&as_of={day - DAY}", headers=ada).json()
    after = client.get(f"{URL}/summary?{asked}&as_of={day}", headers=ada).json()
    assert (before["totals"], after["totals"][0]["amount"]) == ([], "25.00")


def test_the_series_has_a_point_a_day(client: TestClient, ada: Headers, asked: str) -> None:
    found = client.get(f"{URL}/daily?{asked}", headers=ada).json()["days"]
    assert [p["amount"] for p in found] == ["20.00", "5.00"]


def test_a_days_range_is_checked(client: TestClient, ada: Headers) -> None:
    wrong = client.get(f"{URL}/summary?start_date=2026-02-02&end_date=2026-02-01", headers=ada)
    assert (wrong.status_code, wrong.json()["type"]) == (422, "/problems/InvalidSpan")
    never = client.get(f"{URL}/summary?start_date=9999-12-31", headers=ada)
    assert (never.status_code, never.json()["type"]) == (422, "/problems/InvalidSpan")
    assert client.get(f"{URL}/summary?start_date=soon", headers=ada).status_code == 422
    assert client.get(f"{URL}/summary?group_by=colour", headers=ada).status_code == 422


def test_entries_page_and_stream(client: TestClient, ada: Headers, asked: str) -> None:
    amounts, url = [], f"{URL}?{asked}&limit=3"
    while url:
        answer = client.get(url, headers=ada)
        amounts += [e["amount"] for e in answer.json()["costs"]]
        url = answer.links.get("next", {}).get("url", "")
    assert len(amounts) == 4
    lines = client.get(f"{URL}?{asked}", headers={**ada, "Accept": "application/x-ndjson"}).text
    assert [json.loads(line)["amount"] for line in lines.splitlines()] == amounts


def test_a_control_total_that_differs_shows_both_numbers(
    client: TestClient, ada: Headers, asked: str, synced: Estate
) -> None:
    before, _ = months(synced)
    del before
    found = client.get(f"{URL}/controls?{asked}", headers=ada).json()["controls"]
    assert {(c["stated"], c["summed"], c["verdict"]) for c in found} == {
        ("12.50", "12.50", "agrees")
    }


@pytest.mark.census("AG-133")
def test_the_export_is_a_csv_of_the_days_asked_for_both_ends_in_it(
    client: TestClient, ada: Headers, synced: Estate
) -> None:
    (first, _), _ = months(synced)
    whole = f"/api/v1/exports/costs?start_date={first}&end_date={first + DAY}"
    one = f"/api/v1/exports/costs?start_date={first + DAY}&end_date={first + DAY}"
    answer = client.get(whole, headers=ada)
    assert answer.headers["content-type"].startswith("text/csv")
    assert 'filename="costs-export.csv"' in answer.headers["content-disposition"]
    assert len(list(csv.DictReader(io.StringIO(answer.text)))) == 4
    rows = list(csv.DictReader(io.StringIO(client.get(one, headers=ada).text)))
    assert {(r["date"], r["amount"]) for r in rows} == {((first + DAY).isoformat(), "2.5")}


def test_focus_has_both_bases_in_one_row(client: TestClient, ada: Headers, asked: str) -> None:
    text = client.get(f"/api/v1/exports/costs.focus.csv?{asked}", headers=ada).text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 4
    assert {(r["BilledCost"], r["EffectiveCost"]) for r in rows} == {("10", "10"), ("2.5", "2.5")}
    assert {r["ProviderName"] for r in rows} == {"Microsoft"}


def test_focus_comes_as_parquet_too(client: TestClient, ada: Headers, asked: str) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs the analytics extra")
    answer = client.get(f"/api/v1/exports/costs.focus.parquet?{asked}", headers=ada)
    table = parquet.read_table(BytesIO(answer.content))
    assert {str(c) for c in table["BilledCost"].to_pylist()} == {"10.000000000", "2.500000000"}
    assert table.num_rows == 4


def bought(estate: Estate) -> str:
    """A tenant ``four`` that buys a reservation of what it uses; its month, as an address asks."""
    (first, last), _ = months(estate)
    _, cloud = estate.connect("four", POLICIES)
    cloud.pages = {"four-s": []}
    days = day_period(first)
    paid = [row(str(days), "100", "Reservations"), row(str(days + 1), "1", "Disks")]
    spread = [row(str(days), "3.25", "Compute"), row(str(days + 1), "1", "Disks")]
    for basis, items in ((CostBasis.ACTUAL, paid), (CostBasis.AMORTIZED, spread)):
        cloud.said["costs", "four-s", first, last, basis, BY] = [items]
    sync(estate)
    return f"start_date={first}&end_date={last}&tenant_ids=four"


RESERVED = [
    ("Compute", "Usage", "0", "3.25", "3.25"),
    ("Disks", "Usage", "1", "1", "1"),
    ("Reservations", "Purchase", "100", "0", "100"),
]
CHARGED = ("ServiceName", "ChargeCategory", "BilledCost", "EffectiveCost", "ListCost")


def charged(text: str) -> list[tuple[str, ...]]:
    rows = csv.DictReader(io.StringIO(text))
    return sorted(tuple(one[name] for name in CHARGED) for one in rows)


def test_focus_tells_purchases_from_the_usage_that_they_cover(
    client: TestClient, ada: Headers, synced: Estate
) -> None:
    asked = bought(synced)
    text = client.get(f"/api/v1/exports/costs.focus.csv?{asked}", headers=ada).text
    assert charged(text) == RESERVED
    assert {one["ContractedCost"] for one in csv.DictReader(io.StringIO(text))} == {
        "3.25",
        "1",
        "100",
    }
    synced.tenant("three")
    other = text.replace("four-s", "s3")
    typed = {**ada, "Content-Type": "text/csv"}
    again = client.post(f"{URL}/imports?tenant=three", content=other, headers=typed)
    assert again.status_code == 201, again.text
    asked = asked.replace("=four", "=three")
    text = client.get(f"/api/v1/exports/costs.focus.csv?{asked}", headers=ada).text
    assert charged(text) == RESERVED


def test_focus_as_parquet_has_the_same_columns_and_amounts(
    client: TestClient, ada: Headers, synced: Estate
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs the analytics extra")
    asked = bought(synced)
    answer = client.get(f"/api/v1/exports/costs.focus.parquet?{asked}", headers=ada)
    table = parquet.read_table(BytesIO(answer.content))
    assert set(table.column_names) >= MANDATORY
    found = table.to_pylist()
    told = [(r["ChargeCategory"], float(r["BilledCost"]), float(r["EffectiveCost"])) for r in found]
    assert sorted(told) == [("Purchase", 100, 0), ("Usage", 0, 3.25), ("Usage", 1, 1)]
    assert {r["PricingQuantity"] for r in found} == {None}


def test_what_was_brought_in_without_the_amortized_basis_is_no_purchase(
    client: TestClient, ada: Headers, synced: Estate
) -> None:
    del synced
    billed = FOCUS.replace(",EffectiveCost", "").replace("1.5,1,", "1.5,").replace("0.5,1,", "0.5,")
    typed = {**ada, "Content-Type": "text/csv"}
    assert client.post(IMPORT, content=billed, headers=typed).status_code == 201
    asked = "start_date=2026-02-01&end_date=2026-02-28&tenant_ids=two"
    text = client.get(f"/api/v1/exports/costs.focus.csv?{asked}", headers=ada).text
    assert charged(text) == [("Mail", "Usage", "2", "", "2")]


HEAD = "BilledCost,EffectiveCost,BillingCurrency,ChargePeriodStart,ServiceName,SubAccountId,x_Team"
IMPORT = f"{URL}/imports?tenant=two"
FOCUS = (
    f"{HEAD}\n1.5,1,USD,2026-02-01T00:00:00Z,Mail,s9,a\n0.5,1,USD,2026-02-01T00:00:00Z,Mail,s9,b\n"
)


def test_a_file_that_is_brought_in_twice_counts_once(
    client: TestClient, ada: Headers, synced: Estate
) -> None:
    del synced
    typed = {**ada, "Content-Type": "text/csv"}
    first = client.post(IMPORT, content=FOCUS, headers=typed)
    assert first.status_code == 201
    assert first.json()["added"] == 2
    assert first.json()["columns_kept"] == ["x_Team"]
    second = client.post(IMPORT, content=FOCUS, headers=typed).json()
    assert (second["added"], second["restated"], second["lost"]) == (0, 0, 0)
    asked = "start_date=2026-02-01&end_date=2026-02-28&tenant_ids=two"
    found = client.get(f"{URL}/summary?{asked}", headers=ada).json()
    assert found["totals"] == [{"amount": "2.00", "currency": "USD"}]


def test_what_is_exported_can_be_brought_in_again(
    client: TestClient, ada: Headers, synced: Estate
) -> None:
    synced.tenant("three")
    typed = {**ada, "Content-Type": "text/csv"}
    client.post(IMPORT, content=FOCUS, headers=typed)
    asked = "start_date=2026-02-01&end_date=2026-02-28"
    text = client.get(f"/api/v1/exports/costs.focus.csv?{asked}&tenant_ids=two", headers=ada).text
    again = client.post(f"{URL}/imports?tenant=three", content=text, headers=typed)
    assert again.status_code == 201, again.text
    found = client.get(f"{URL}/summary?{asked}&tenant_ids=three", headers=ada).json()
    assert found["totals"] == [{"amount": "2.00", "currency": "USD"}]


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        ("a,b\n1,2\n", 422, "BilledCost"),
        (f"{HEAD}\n", 422, "no rows"),
        (f"{HEAD}\nx,1,USD,2026-02-01T00:00:00Z,Mail,s9,\n", 422, "line 2"),
        (f"{HEAD}\n1,1,dollar,2026-02-01T00:00:00Z,Mail,s9,\n", 422, "currency"),
        (f"{HEAD}\n1,1,USD,soon,Mail,s9,\n", 422, "line 2"),
        (f"{HEAD}\n1\n", 422, "line 2"),
        (f"{HEAD}\n1e999999999,1,USD,2026-02-01T00:00:00Z,Mail,s9,\n", 422, "as cost"),
        (f"{HEAD}\n1,1,USD,9999-12-31T00:00:00Z,Mail,s9,\n", 422, "expected a day"),
        (f"{HEAD}\n1,1,USD,2026-02-01T00:00:00Z,Mail,s9,\0\n", 422, "NUL"),
        (f"{HEAD}\n1,1,USD,2026-02-01T00:00:00Z,Mail,{'s' * 401},\n", 422, "SubAccountId"),
        (f"{HEAD},BilledCost\n1,1,USD,2026-02-01T00:00:00Z,Mail,s9,,2\n", 422, "twice"),
        (f"{HEAD}\n1,1,USD,2026-02-01T00:00:00Z,Mail,two-s,\n", 409, "two-s"),
        (b"\xff\xfe", 422, "UTF-8"),
    ],
)
@pytest.mark.usefixtures("synced")
def test_a_file_that_cannot_be_brought_in_says_why(
    client: TestClient, ada: Headers, content: str | bytes, status: int, words: str
) -> None:
    answer = client.post(IMPORT, content=content, headers={**ada, "Content-Type": "text/csv"})
    assert answer.status_code == status
    assert words in answer.json()["detail"]


def test_a_name_that_a_spreadsheet_would_run_goes_out_led_in_and_comes_in_as_it_was(
    client: TestClient, ada: Headers, synced: Estate
) -> None:
    synced.tenant("three")
    typed = {**ada, "Content-Type": "text/csv"}
    late = f"{HEAD}\n1,1,USD,2026-02-01T23:00:00-05:00,=1+1,s9,\n"
    assert client.post(IMPORT, content=late, headers=typed).status_code == 201
    asked = "start_date=2026-02-02&end_date=2026-02-02"  # as UTC has that moment
    text = client.get(f"/api/v1/exports/costs.focus.csv?{asked}&tenant_ids=two", headers=ada).text
    assert ",'=1+1," in text
    assert client.post(f"{URL}/imports?tenant=three", content=text, headers=typed).is_success
    found = client.get(f"{URL}/summary?{asked}&group_by=service&tenant_ids=three", headers=ada)
    assert [group["key"] for group in found.json()["groups"]] == ["=1+1"]


@pytest.mark.usefixtures("synced")
def test_another_tenants_costs_are_not_there(client: TestClient, eve: Headers, asked: str) -> None:
    assert client.get(f"{URL}/summary?{asked}", headers=eve).json()["totals"] == []
    assert client.get(f"{URL}/summary?{asked}&tenant_ids=one", headers=eve).status_code == 404
    assert client.get(f"{URL}?{asked}", headers=eve).json()["costs"] == []
    rows = client.get(f"/api/v1/exports/costs?{asked}", headers=eve).text.splitlines()
    assert len(rows) == 1


def test_the_clouds_own_budgets_are_listed_with_what_is_spent(
    client: TestClient, ada: Headers, eve: Headers, synced: Estate
) -> None:
    for directory, spent in (("one", "81.5"), ("two", "null")):
        body = budget(spent=spent).encode()
        synced.clouds[directory].said["budgets", f"{directory}-s"] = [[body]]
    sync(synced)
    found = client.get(f"{URL}/budgets", headers=ada).json()["budgets"]
    assert [(b["tenant"], b["state"], b["percent"]) for b in found] == [
        ("one", "warned", 81.5),
        ("two", "not_known", None),
    ]
    assert (found[0]["spent"], found[0]["amount"]) == (
        {"amount": "81.50", "currency": "EUR"},
        "100",
    )
    assert found[0]["thresholds_percent"] == [80.0]
    named = client.get(f"{URL}/budgets?tenant_ids=two", headers=ada).json()["budgets"]
    assert [b["tenant"] for b in named] == ["two"]
    assert client.get(f"{URL}/budgets", headers=eve).json()["budgets"] == []
    assert client.get(f"{URL}/budgets?tenant_ids=one", headers=eve).status_code == 404
