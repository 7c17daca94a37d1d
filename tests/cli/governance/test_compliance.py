import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from governance.compliance.conftest import Checked
from governance.compliance.said import advice, state
from quarterdeck.kernel.clock import utc_now

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def checked(database: Engine) -> Checked:
    """Tenant ``one``: 1 of 2 states complies."""
    estate = Checked(database, now=utc_now() - timedelta(minutes=1))
    _, cloud = estate.connect("one")
    estate.say(cloud, [state("a"), state("b", word="NonCompliant")])
    cloud.said["advice", "s1"] = [[advice("1")]]
    estate.connect("two")
    estate.sync()
    return estate


@pytest.mark.usefixtures("checked")
def test_a_summary_shows_what_is_known_and_ends_with_1_on_findings(run: Run) -> None:
    code, table, _ = run("compliance summary")
    assert code == 1
    assert "one\t50.0 %\t1\t0\t50.0 %\t1 of 1\tcurrent" in table
    assert "two\tnot known" in table
    code, found, _ = run("compliance summary --tenant one --json")
    assert (code, json.loads(found)["score_percent"]) == (1, 50.0)


@pytest.mark.usefixtures("checked")
def test_states_groups_trend_advice_and_drift_are_shown(run: Run) -> None:
    code, table, words = run("compliance states --limit 1 --policy tls")
    assert (code, words) == (0, "1 of 2; narrow it down, or raise --limit")
    assert "compliant\ttls\tbaseline" in table
    assert "baseline\ttls\t1\t1\t0" in run("compliance group RG")[1]
    assert "50.0\t50.0" in run("compliance trend")[1]
    assert "High\tSecurity\tIt is open" in run("compliance advice")[1]
    assert run("compliance drift")[0] == 0


@pytest.mark.usefixtures("checked")
def test_a_check_ends_with_1_unless_it_passes_and_is_kept(run: Run) -> None:
    code, _, words = run("compliance check one --framework baseline")
    assert code == 1
    assert words.startswith("fail: 1 of 2 states are non-compliant")
    code, found, _ = run("compliance checks --json")
    assert (code, json.loads(found)[0]["framework"]) == (0, "baseline")
    assert run("compliance check nobody")[0] == 2


@pytest.mark.usefixtures("checked")
def test_a_scan_names_what_stands_against_policy(run: Run) -> None:
    code, table, words = run("compliance scan one")
    assert code == 1
    assert words.startswith("fail: 1 of 2 states are non-compliant")
    assert table.splitlines()[1].startswith("violation\t")
    code, found, _ = run("compliance scan one --json")
    assert (code, json.loads(found)["resolved"]) == (1, [])
    assert run("compliance scan nobody")[0] == 2


@pytest.mark.usefixtures("checked")
def test_a_programme_is_enabled_shown_fed_and_left(run: Run) -> None:
    assert run("pack apply azure-governance")[0] == 0
    assert "riverside\tRiverside (sample)" in run("programme list")[1]
    assert run("programme sync riverside")[0] == 3
    assert run("programme enable riverside one")[0] == 0
    code, table, words = run("programme show riverside one")
    assert code == 1
    assert "0.0 % mature, up to 100.0 %" in words
    assert "Foundation\towners-named\tnot_known" in table
    assert run("programme evidence riverside one owners-named")[2].startswith("nothing was said")
    said = run("programme evidence riverside one owners-named --state met --note seen")
    assert (said[0], "met\t\tseen" in said[1]) == (0, True)
    assert "being judged" in run("programme sync riverside --tenant one")[2]
    assert run("programme disable riverside one")[0] == 0
