"""Rules as people change them: each change a version, who and why."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from operations.rules.stage import CPU, Stage
from quarterdeck.kernel.work import Actor, MissingPermission, TenantNotFound
from quarterdeck.operations.rules.document import rule_of
from quarterdeck.operations.rules.model import (
    RuleChanged,
    RuleInvalid,
    RuleNotFound,
    Standing,
    State,
)
from quarterdeck.operations.rules.service import exchanging, looking, writing
from quarterdeck.operations.rules.service.writing import Applied
from quarterdeck.operations.rules.store.table import tables

EVE = Actor("eve", frozenset({("rules:write", "other"), ("alerts:read", "other")}))
READER = Actor("reader", frozenset({("alerts:read", "acme")}))


def changed(value: float) -> dict[str, Any]:
    return {"threshold": {"of": "cpu", "value": value}}


def test_each_change_is_a_version_and_any_can_be_had_back(stage: Stage) -> None:
    assert stage.apply().version == 1
    assert stage.apply().version == 1  # the same again is no change
    with stage.work() as work:
        writing.apply(work, "acme", rule_of({**CPU, **changed(90)}), why="too often")
    with stage.work() as work:
        assert writing.roll_back(work, "acme", "high-cpu", 1, "too late").version == 3
    with stage.work() as work:
        found = looking.history(work, "acme", "high-cpu")
        diff = looking.diff(work, "acme", "high-cpu", 1, 2)
        assert looking.diff(work, "acme", "high-cpu", 1, 3) == ""
    assert [(one.version, one.how, one.by, one.why) for one in found] == [
        (3, "rolled back to 1", "sre-1", "too late"),
        (2, "applied", "sre-1", "too often"),
        (1, "applied", "sre-1", ""),
    ]
    assert "-  value: 80.0" in diff
    assert "+  value: 90.0" in diff
    assert stage.events() == ["RuleApplied"] * 3


def test_what_was_deleted_ends_its_alerts_and_can_be_had_back(stage: Stage) -> None:
    stage.apply(hold="PT0S")
    stage.feed(85)
    assert len(stage.alerts()) == 1
    with stage.work() as work:
        writing.delete(work, "acme", "high-cpu", "nobody looks at it")
    assert stage.alerts() == []
    with pytest.raises(RuleNotFound), stage.work() as work:
        looking.one(work, "acme", "high-cpu")
    with stage.work() as work:
        assert [one.how for one in looking.history(work, "acme", "high-cpu")] == [
            "deleted",
            "applied",
        ]
        assert writing.roll_back(work, "acme", "high-cpu", 1).version == 3
    stage.feed(85)
    assert stage.state() is State.FIRING


def test_what_is_disabled_says_nothing_until_it_is_enabled(stage: Stage) -> None:
    stage.apply(hold="PT0S")
    stage.feed(85)
    with stage.work() as work:
        writing.enable(work, "acme", "high-cpu", on=False, why="a migration")
    assert (stage.state(), stage.alerts()) == (State.DISABLED, [])
    stage.feed(85)
    assert (stage.state(), stage.alerts()) == (State.DISABLED, [])
    with stage.work() as work:
        writing.enable(work, "acme", "high-cpu", on=True)
        assert len(looking.history(work, "acme", "high-cpu")) == 3
    stage.feed(85)
    assert len(stage.alerts()) == 1


def test_a_changed_threshold_goes_on_and_another_severity_begins_anew(stage: Stage) -> None:
    stage.apply(hold="PT0S")
    stage.feed(95)
    [first] = stage.alerts()
    stage.apply(hold="PT0S", **changed(90))
    stage.feed(95)
    assert [one.id for one in stage.alerts()] == [first.id]
    stage.apply(hold="PT0S", severity="info", **changed(90))
    assert stage.alerts() == []
    stage.feed(95)
    [second] = stage.alerts()
    assert second.sign.severity == "info"


@pytest.mark.parametrize("of", ["mem", 'cpu{host!="a"}'])
def test_a_rule_that_looks_at_other_series_begins_anew(stage: Stage, of: str) -> None:
    stage.apply(hold="PT0S")
    stage.feed(95)
    assert len(stage.alerts()) == 1
    stage.apply(hold="PT0S", threshold={"of": of, "value": 80})
    assert (stage.alerts(), stage.instances()) == ([], [])


def test_what_an_older_version_said_is_not_said_of_a_new_one(stage: Stage) -> None:
    stage.apply(hold="PT0S")
    stage.feed(95)
    for seconds in (240, 225):
        stage.record("cpu", 85, stage.now - timedelta(seconds=seconds), host="late")
    stage.feed(95)
    assert (stage.standing().firing, stage.standing().unknown) == (1, 1)
    stage.apply(**changed(90))
    assert stage.standing() == Standing()
    stage.feed(95)
    with stage.work() as work:
        writing.enable(work, "acme", "high-cpu", on=False)
    assert stage.standing() == Standing(state=State.DISABLED)


def test_a_change_of_what_somebody_else_changed_is_refused(stage: Stage) -> None:
    stage.apply()
    stage.apply(**changed(90))
    with pytest.raises(RuleChanged, match="at version 2, not 1"), stage.work() as work:
        writing.apply(work, "acme", rule_of({**CPU, **changed(95)}), expected=1)
    both = [rule_of(CPU), rule_of({**CPU, "name": "other"})]
    with pytest.raises(RuleChanged, match="at version 2, not 1"), stage.work() as work:
        writing.apply_all(work, "acme", both, expected={"high-cpu": 1})
    with pytest.raises(RuleChanged, match="at version 0, not 1"), stage.work() as work:
        writing.apply_all(work, "acme", [both[1]], expected={"other": 1})
    with stage.work() as work:
        assert writing.apply_all(work, "acme", both, expected={"high-cpu": 2}).changed


def test_many_are_applied_together_or_not_at_all(stage: Stage) -> None:
    rules = [rule_of({**CPU, "name": name}) for name in ("a", "b")]
    with stage.work() as work:
        done = writing.apply_all(work, "acme", rules, "a start")
    assert (list(done.created), list(done.unchanged)) == (["a", "b"], [])
    with stage.work() as work:
        assert list(writing.apply_all(work, "acme", rules).unchanged) == ["a", "b"]
    with pytest.raises(RuleInvalid, match="twice"), stage.work() as work:
        writing.apply_all(work, "acme", [rule_of({**CPU, "name": "c"})] * 2)
    with stage.work() as work:
        assert [kept.rule.name for kept in looking.listed(work, "acme")] == ["a", "b"]
        assert looking.counts(work) == {State.UNKNOWN: 2}
    assert stage.events() == ["RulesImported"]


def test_a_dry_run_says_what_would_come_of_it_and_changes_nothing(stage: Stage) -> None:
    rules = [rule_of({**CPU, "name": name}) for name in ("a", "b", "c")]
    with stage.work() as work:
        writing.apply_all(work, "acme", rules[:2])
    wanted = [rules[0], rule_of({**CPU, "name": "b", **changed(90)}), rules[2]]
    before = everything(stage)
    with stage.work() as work:
        planned = writing.apply_all(work, "acme", wanted, dry_run=True)
    assert everything(stage) == before
    assert planned == Applied(created=["c"], changed=["b"], unchanged=["a"])
    with stage.work() as work:
        assert writing.apply_all(work, "acme", wanted) == planned
    for refused, why in ((rules[:1] * 2, ""), (rules, "x" * 2001)):
        for dry_run in (True, False):
            with pytest.raises(RuleInvalid), stage.work() as work:
                writing.apply_all(work, "acme", refused, why, dry_run=dry_run)


def everything(stage: Stage) -> list[object]:
    """All that is kept of rules."""
    with stage.engine.connect() as db:
        return [row for table in tables for row in db.execute(select(table))]


def test_others_see_and_change_nothing(stage: Stage) -> None:
    stage.apply()
    with pytest.raises(TenantNotFound), stage.work(EVE) as work:
        looking.one(work, "acme", "high-cpu")
    with stage.work(EVE) as work:
        assert looking.listed(work) == []
    for change in (
        lambda work: writing.apply(work, "acme", rule_of(CPU)),
        lambda work: writing.delete(work, "acme", "high-cpu"),
        lambda work: writing.enable(work, "acme", "high-cpu", on=False),
        lambda work: writing.roll_back(work, "acme", "high-cpu", 1),
    ):
        with pytest.raises(MissingPermission), stage.work(READER) as work:
            change(work)


def test_two_rule_files_with_the_same_alert_do_not_replace_each_other(stage: Stage) -> None:
    def carry_in(file: str, expr: str = "up == 0") -> Applied:
        rules = f"[{{alert: Down, expr: {expr}}}, {{alert: {file}x, expr: y}}]"
        text = f"groups: [{{name: g, rules: {rules}}}]"
        with stage.work() as work:
            return exchanging.carry_in(work, "acme", text, file=file)

    assert list(carry_in("node").created) == ["Down", "nodex"]
    with pytest.raises(RuleInvalid, match="rule Down: files 'node' and 'mysql' both have it"):
        carry_in("mysql")
    with stage.work() as work:
        assert [kept.rule.name for kept in looking.listed(work, "acme")] == ["Down", "nodex"]
    assert list(carry_in("node", "up < 1").changed) == ["Down"]
    with stage.work() as work:
        writing.delete(work, "acme", "Down")
    assert list(carry_in("mysql").created) == ["Down", "mysqlx"]
