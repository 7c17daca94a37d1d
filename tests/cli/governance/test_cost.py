"""quarterdeck cost: the terminal's view of what the estate costs."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from governance.costs.ledgers import POLICIES, sync
from governance.costs.test_budgets import budget
from governance.estate import Estate
from waiting import until

Run = Callable[..., tuple[int, str, str]]

HEAD = "BilledCost,EffectiveCost,BillingCurrency,ChargePeriodStart,ServiceName,SubAccountId"
FILE = f"{HEAD}\n12.5,11,EUR,2026-02-01T00:00:00Z,Mail,s9\n7.5,7,EUR,2026-02-02T00:00:00Z,Web,s9\n"
FEBRUARY = "--start 2026-02-01 --end 2026-02-28"


@pytest.fixture
def imported(run: Run, tmp_path: Path) -> Path:
    """Costs of February that came in from a file."""
    file = tmp_path / "focus.csv"
    file.write_text(FILE)
    code, _, words = run(f"cost import {file} --tenant acme")
    assert (code, "2 rows: +4" in words) == (0, True), words
    return file


@pytest.mark.usefixtures("imported")
def test_a_summary_says_totals_coverage_and_parts(run: Run) -> None:
    code, table, words = run(f"cost summary {FEBRUARY}")
    assert code == 0
    assert table.splitlines() == ["service\tamount\tcurrency", "Mail\t12.50\tEUR", "Web\t7.50\tEUR"]
    assert "20.00 EUR" in words
    assert "1 of 1 subscriptions known, current" in words


@pytest.mark.usefixtures("imported")
def test_days_and_charges_are_listed(run: Run) -> None:
    assert "2026-02-02\t\t7.50\tEUR" in run(f"cost daily {FEBRUARY}")[1]
    code, found, _ = run(f"cost list {FEBRUARY} --basis amortized --json")
    assert (code, sorted(row["amount"] for row in json.loads(found))) == (0, ["11.00", "7.00"])


def test_an_export_is_brought_in_again_without_doubling(
    run: Run, imported: Path, tmp_path: Path
) -> None:
    del imported
    to = tmp_path / "out.csv"
    assert run(f"cost export --format focus.csv --to {to} {FEBRUARY}")[0] == 0
    code, found, _ = run(f"cost import {to} --tenant acme --json")
    assert (code, json.loads(found)["added"]) == (0, 0)
    assert not list(tmp_path.glob("*.part"))


def test_a_wrong_file_says_which_line(run: Run, imported: Path) -> None:
    imported.write_text(f"{HEAD}\nmuch,1,EUR,2026-02-01T00:00:00Z,Mail,s9\n")
    code, _, words = run(f"cost import {imported} --tenant acme")
    assert code == 2
    assert "line 2" in words


def test_costs_that_never_came_say_how_to_bring_them_in(run: Run, estate: Estate) -> None:
    estate.connect("contoso")
    code, _, words = run("cost summary")
    assert (code, "0 of 0" in words) == (0, True)
    assert "POST /api/v1/sync/costs" in words


def test_the_clouds_own_budgets_are_shown_and_one_that_is_over_counts(
    run: Run, estate: Estate
) -> None:
    assert "the cloud keeps no budget here" in "".join(run("cost budgets")[1:])
    _, cloud = estate.connect("contoso", POLICIES)
    cloud.said["budgets", "s1"] = [[budget(spent="120").encode()]]
    sync(estate)
    until(lambda: run("cost budgets")[1], 10, "what the worker beside reads")
    code, table, _ = run("cost budgets")
    assert (code, "over\tcontoso\ts1\tmonthly\t120.00 EUR\t100\t120" in table) == (1, True), table
    code, found, _ = run("cost budgets --json")
    assert (code, json.loads(found)[0]["state"]) == (1, "over")
