"""A run goes on behind steps that an older release kept; what they do not tell is no number."""

import json
from datetime import date

import pytest
from sqlalchemy import Engine, insert, update

from governance.costs.ledgers import MARCH, NOON, POLICIES, row, say, total
from governance.estate import Estate
from quarterdeck.governance.sync.model import COMPLIANCE, COSTS, Policies, Run, RunState, policies
from quarterdeck.governance.sync.service.requests import request_sync
from quarterdeck.kernel.jobs.table import jobs, steps


@pytest.fixture
def march(engine: Engine) -> Estate:
    return Estate(engine, now=NOON)


def after(estate: Estate, known: Policies, domain: str, step: str, outcome: object) -> Run:
    """The run of ``domain`` that finds this outcome of a step kept."""
    with estate.work() as work:
        [job] = request_sync(work, known, domain)
        kept = {"job": job, "name": step, "state": "done", "outcome": json.dumps(outcome), "at": 0}
        work.db.execute(insert(steps).values(kept))
        work.db.execute(update(jobs).where(jobs.c.id == job).values(fence=1))  # somebody held it
    estate.run_due()
    return estate.runs()[0]


def test_how_many_items_there_were_is_not_said_where_it_was_not_kept(march: Estate) -> None:
    _, cloud = march.connect("acme", policies(among=[COMPLIANCE]))
    cloud.pages = {"s1": []}
    kept = {"unread": 1, "seen": 3}
    run = after(march, policies(among=[COMPLIANCE]), COMPLIANCE, "policy_states s1", kept)
    assert run.error.startswith("1 items of policy_states of subscription s1 by name could not")
    assert (run.state, run.whole, run.counts.seen) == (RunState.PARTIAL, True, 3)


def test_what_an_older_step_says_in_words_is_told_in_its_words(march: Estate) -> None:
    _, cloud = march.connect("acme", POLICIES)
    say(cloud, [row("20260301", "10.5")], [total("10.5")])
    today = date(2026, 3, 20)
    step = f"s1 actual service {MARCH.first} {today}"
    run = after(march, POLICIES, COSTS, step, [0, "2 rows of March could not be read"])
    assert run.error == "2 rows of March could not be read"
    assert run.state is RunState.PARTIAL
