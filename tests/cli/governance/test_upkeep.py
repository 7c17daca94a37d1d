"""Policies, pauses, patterns and alerts on the command line."""

import json
from collections.abc import Callable

from governance.estate import Estate
from governance.identity.directory import settle
from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass, Tracked

Run = Callable[..., tuple[int, str, str]]


def test_a_policy_is_shown_and_changed(run: Run, estate: Estate) -> None:
    estate.connect("contoso")
    assert "resources\t3600 s\t300 to 600 s" in run("sync policy")[1]
    code, found, _ = run("sync policy resources --interval 7200 --json")
    assert (code, json.loads(found)[0]["interval_seconds"]) == (0, 7200)
    code, found, _ = run("sync policy costs --min-runs 9 --json")
    assert json.loads(found)[0]["error_rate_min_runs"] == 9
    assert "9 runs or more" in run("sync policy costs")[1]
    assert run("sync policy costs --min-runs 0")[0] == 2
    assert run("sync policy --interval 7200")[0] == 2
    assert run("sync policy weather")[0] == 2


def test_a_pause_holds_until_it_is_ended(run: Run, estate: Estate) -> None:
    estate.connect("contoso")
    assert run("sync pause resources --tenant contoso")[0] == 0
    assert run("sync run")[0] == 3
    assert run("sync resume resources --tenant contoso")[0] == 0
    assert run("sync run")[0] == 0


def test_alerts_are_listed_and_resolved_by_type(run: Run, estate: Estate) -> None:
    _, cloud = estate.connect("contoso")
    assert run("alert list")[::2] == (0, "no alert fires")
    cloud.refusal = CloudFailure(FailureClass.AUTHENTICATION, "AADSTS7000215: Invalid secret")
    run("sync run")
    estate.deliver()
    code, table, _ = run("alert list")
    assert code == 1
    assert "Sync of resources failed: authentication" in table
    assert run("sync patterns")[0] == 1
    assert run("alert resolve")[0] == 2
    code, found, _ = run("alert resolve --type sync_failure --by ada --json")
    assert (code, len(json.loads(found)["changed"])) == (0, 1)
    assert run("alert list --state resolved")[0] == 0
    assert run("alert list")[0] == 0
    assert run("alert resolve 999")[0] == 2


def test_what_is_in_doubt_is_shown_and_how_runs_read(run: Run, estate: Estate) -> None:
    _, cloud = estate.connect("contoso")
    cloud.hold("a")
    cloud.hold("b", subscription="s2")
    assert run("sync run")[0] == 0
    assert run("sync doubts")[::2] == (0, "nothing is in doubt")
    del cloud.pages["s2"]
    assert run("sync run --no-wait")[0] == 0
    while run("sync runs --status partial --json")[1] == "[]":
        assert len(estate.runs()) < 3
    code, table, _ = run("sync doubts")
    assert code == 1
    assert "lacks s2 by name (s2)" in table
    assert "whole" in run("sync runs")[1]


def test_the_next_whole_reading_is_told(run: Run, estate: Estate) -> None:
    _, cloud = estate.connect("contoso")
    settle(cloud)
    cloud.marks = dict.fromkeys(Tracked, "m")
    assert run("sync run identity")[0] == 0
    assert "identity: what changed is read; all of it again at" in run("sync status")[2]
    run("sync run identity")
    assert "changes since" in run("sync runs")[1]
    assert run("sync run costs")[0] == 0
    assert "open months" in run("sync runs")[1]
