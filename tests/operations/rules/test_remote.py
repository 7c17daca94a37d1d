"""Rules in PromQL: a real Prometheus evaluates them, or nobody knows how they are."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from operations.rules.stage import Stage
from quarterdeck.kernel.db import writing
from quarterdeck.operations.rules.forms import prometheus as files
from quarterdeck.operations.rules.model import PromQL, Rule, Standing, State
from quarterdeck.operations.rules.ports import PrometheusAway, Remote
from quarterdeck.operations.rules.query import alike
from quarterdeck.operations.rules.remote import standing
from quarterdeck.operations.rules.service import exchanging
from quarterdeck.operations.rules.service import looking as rules
from quarterdeck.operations.rules.service.evaluating import Evaluator
from quarterdeck.operations.rules.service.exchanging import Form, read
from quarterdeck.providers.prometheus.rules import HttpPrometheus
from servers import prometheus
from servers.prometheus import LISTENING
from waiting import until

CONFIG = "global: {evaluation_interval: 100ms}\nrule_files: [rules.yml]\n"
RULES = """
groups:
  - name: some
    rules:
      - {alert: Fires, expr: 'vector(7)  > 0', labels: {severity: critical}}
      - {alert: Waits, expr: vector(3) > 2, for: 1h}
      - {alert: Quiet, expr: vector(1) > 2}
      - {alert: Breaks, expr: 'label_replace(vector(1), "bad-name", "$1", "x", "(") > 0'}
      - {alert: Missing, expr: vector(1) > 0}
"""


def evaluate(stage: Stage, attached: HttpPrometheus | None) -> dict[str, Standing]:
    with writing(stage.engine) as db:
        db.exec_driver_sql("UPDATE operations_rule_round SET due_at = 0")
    Evaluator(
        engine=stage.engine,
        metrics=stage.metrics,
        clock=stage.clock,
        attached=attached,
        attached_to="acme",
    ).beat()
    return {name: stage.standing(name) for name in ("Fires", "Waits", "Quiet", "Missing")}


@pytest.fixture
def imported(stage: Stage) -> Stage:
    with stage.work() as work:
        text = RULES.replace("      - {alert: Breaks", "      # {alert: Breaks")
        exchanging.carry_in(work, "acme", text, file="some")
    return stage


def test_what_prometheus_says_of_a_rule_is_its_state(imported: Stage, tmp_path: Path) -> None:
    with imported.work() as work:
        out = exchanging.carry_out(work, "acme", Form.PROMETHEUS)
    there = out.replace("alert: Missing", "alert: Other")
    folder = tmp_path / "prometheus"
    with prometheus.prometheus(folder, CONFIG, there):
        found = until(lambda: LISTENING.search((folder / "log").read_text()), what="Prometheus")
        assert found
        with closing(HttpPrometheus(f"http://{found[1]}")) as attached:
            until(lambda: _settled(evaluate(imported, attached)), what="its rules")
            said = evaluate(imported, attached)
    assert (said["Fires"].state, said["Fires"].value, said["Fires"].firing) == (
        State.FIRING,
        7,
        1,
    )
    assert said["Fires"].reason == ""
    assert (said["Waits"].state, said["Waits"].pending) == (State.PENDING, 1)
    assert said["Quiet"].state is State.INACTIVE
    assert said["Missing"].state is State.UNKNOWN
    assert "no such rule" in said["Missing"].reason


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_what_prometheus_spells_in_its_own_way_is_the_same(
    stage: Stage, shared_data: Path, tmp_path: Path
) -> None:
    ours = [rule for text, file in public(shared_data) for rule in read(text, file).rules]
    odd = {
        "Odd1": r"""SUM(x{b='1', a=~"\\d\"'",} offset 60s) BY (c,) > 1e3 # why""",
        "Odd2": "a * ON(b) GROUP_LEFT rate(y{}[3600s]) > bool 0x10",
        "Odd3": r"count_values without (z) ('q', topk(2, sum by () (x{a=`\d`}))) + 0.50",
        "Odd4": "max_over_time(sum(min(x) by (a)) without (b)[1h:60s]) unless :a:b",
    }
    ours += [Rule(name=name, condition=PromQL(expr=expr)) for name, expr in odd.items()]
    folder = tmp_path / "prometheus"
    with prometheus.prometheus(folder, CONFIG, files.write(ours)):
        found = until(lambda: LISTENING.search((folder / "log").read_text()), what="Prometheus")
        assert found
        with closing(HttpPrometheus(f"http://{found[1]}")) as attached:
            there = until(lambda: _there(attached), what="its rules")
    there = [replace(one, evaluated=True, error="") for one in there]
    said = {rule.name: standing(rule, there, stage.now).reason for rule in ours}
    assert len(ours) == 958
    assert {name: reason for name, reason in said.items() if reason} == {}


def _there(attached: HttpPrometheus) -> Sequence[Remote]:
    try:
        return attached.rules()
    except PrometheusAway:
        return []


def public(shared_data: Path) -> list[tuple[str, str]]:
    """Each public rule file, and its name."""
    root = shared_data / "data" / "alert-rules" / "dist" / "rules"
    return [
        (path.read_text(), str(path.relative_to(root).with_suffix("")))
        for path in sorted(root.rglob("*.yml"))
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a - b", "b - a"),
        ("x > 12", "x > 21"),
        ("x > 1.0", "x > 10"),
        ('x{a="1", b="2"}', 'x{a="2", b="1"}'),
        ('x{a="b c"}', 'x{a="bc"}'),
        ('x{a="#1"}', 'x{a="#2"}'),
        ("rate(x[5m])", "rate(x[50m])"),
        ("rate(x[5m])", "rate(x[5s])"),
        ("sum by (a) (x)", "sum by (b) (x)"),
        ("sum by (a) (x)", "sum without (a) (x)"),
        ("sum by (a) (max(x))", "max by (a) (sum(x))"),
        ("sum by (a) (x)", "sum by (a) (x"),
        ("x{a=`\\d`}", 'x{a="d"}'),
    ],
)
def test_another_query_is_another_however_alike(one: str, other: str) -> None:
    assert alike(one, one + " # the same")
    assert not alike(one, other)


def _settled(said: dict[str, Standing]) -> bool:
    return said["Fires"].state is State.FIRING and said["Quiet"].state is State.INACTIVE


def test_another_expression_there_is_said(imported: Stage) -> None:
    with imported.work() as work:
        rule = rules.one(work, "acme", "Fires").kept.rule
    found = Remote(
        group="some",
        name="Fires",
        query="vector(0) > 7",
        state="inactive",
        labels=rule.labels,
        error="",
        alerts=[],
        evaluated=True,
    )
    said = standing(rule, [found], imported.now)
    assert said.reason == "the attached Prometheus has another expression of it: vector(0) > 7"
    assert standing(rule, [replace(found, query="vector(7) > 0")], imported.now).reason == ""


def test_without_prometheus_and_while_it_is_down_nothing_is_known(imported: Stage) -> None:
    said = evaluate(imported, None)
    assert {one.state for one in said.values()} == {State.UNKNOWN}
    assert "no Prometheus is attached" in said["Quiet"].reason
    with closing(HttpPrometheus("http://127.0.0.1:9")) as away:
        said = evaluate(imported, away)
    assert {one.state for one in said.values()} == {State.UNKNOWN}
    assert "Prometheus is away" in said["Quiet"].reason
