"""Jobs as a person meets them in the terminal, and what the status says of all."""

import json
from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from cli.access.conftest import ada, app, database, issue, run, runtime, settings, silent_logs
from governance.estate import Estate
from kernel.jobs.queues import claim, put_one
from kernel.jobs.test_service import asking
from quarterdeck.kernel.clock import utc_now

__all__ = ["ada", "app", "database", "issue", "run", "runtime", "settings", "silent_logs"]

Run = Callable[..., tuple[int, str, str]]
KEYS = {"id", "domain", "kind", "tenant", "state", "attempts", "done", "total", "unit", "detail"}
MOMENTS = {"created_at", "started_at", "finished_at"}


def test_a_job_is_listed_shown_and_cancelled(run: Run, database: Engine) -> None:
    assert run("job list") == (0, "", "no work is under way")
    job = put_one(database)
    code, table, _ = run("job list")
    assert (code, table.splitlines()[1].split("\t")[:4]) == (0, [job, "count", "acme", "ready"])
    [row] = json.loads(run("job list --json")[1])
    assert row.keys() == KEYS | MOMENTS
    assert json.loads(run(f"job show {job} --json")[1]) == row
    assert run(f"job cancel {job}") == (0, "", f"{job} is cancelled")
    code, _, words = run(f"job cancel {job}")
    assert (code, words) == (3, f"job {job} has ended")
    assert run("job list --json") == (0, "[]", "")


def test_one_that_runs_stops_at_its_next_step(run: Run, database: Engine) -> None:
    job = put_one(database)
    claim(database)
    code, told, words = run(f"job cancel {job} --json")
    assert (code, json.loads(told)["state"], words) == (0, "running", "")
    assert run(f"job cancel {job}")[2] == f"{job} is running; it stops at its next step"


@pytest.mark.parametrize(("answer", "left"), [("--again", "ready"), ("--outcome 3", "ready")])
def test_a_step_that_left_no_outcome_is_decided(
    run: Run, database: Engine, answer: str, left: str
) -> None:
    job = asking(database)
    assert run(f"job decide {job} delete {answer}") == (0, "", f"{job} is {left}")
    code, _, words = run(f"job decide {job} delete {answer}")
    assert (code, "asks nothing about step delete" in words) == (3, True)


def test_a_decision_says_what_became_of_it(run: Run, database: Engine) -> None:
    job = asking(database)
    for wrong, words in (
        ("", "either"),
        ("--again --outcome 1", "either"),
        ("--outcome {", "JSON"),
    ):
        code, data, told = run(f"job decide {job} delete {wrong}")
        assert (code, data, words in told) == (2, "", True)


def test_a_job_that_is_not_there_is_wrong_use(run: Run) -> None:
    for line in ("show x", "cancel x", "decide x s --again"):
        code, data, words = run(f"job {line}")
        assert (code, data, words) == (2, "", "no job x")


def test_status_and_the_bare_command_say_what_needs_attention(run: Run, database: Engine) -> None:
    assert run("status") == (0, "", "nothing needs attention")
    assert run("") == run("status")
    assert run("--quiet status") == (0, "", "")
    assert run("status --json") == (0, "[]", "")
    Estate(database, now=utc_now()).connect("contoso")
    job = asking(database)
    code, table, _ = run("status")
    assert code == 1
    rows = [line.split("\t") for line in table.splitlines()]
    assert rows[0] == ["what", "state", "do"]
    assert [
        "resources of contoso",
        "never",
        "quarterdeck sync run resources --tenant contoso",
    ] in rows
    assert [f"job {job}", "unknown", f"quarterdeck job show {job}"] in rows
    found = json.loads(run("status --json")[1])
    assert all(item.keys() == {"what", "state", "do"} for item in found)
    assert run("")[0] == 1


def test_whoever_may_not_look_is_refused(run: Run) -> None:
    code, data, words = run("status", "wrong")
    assert (code, data, "QUARTERDECK_TOKEN" in words) == (3, "", True)
