"""Rules in PromQL: a real Prometheus evaluates them, or nobody knows how they are."""

from contextlib import closing
from pathlib import Path

import pytest

from operations.rules.stage import Stage
from quarterdeck.kernel.db import writing
from quarterdeck.operations.rules.model import Standing, State
from quarterdeck.operations.rules.service import exchanging
from quarterdeck.operations.rules.service.evaluating import Evaluator
from quarterdeck.operations.rules.service.exchanging import Form
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


def _settled(said: dict[str, Standing]) -> bool:
    return said["Fires"].state is State.FIRING and said["Quiet"].state is State.INACTIVE


def test_without_prometheus_and_while_it_is_down_nothing_is_known(imported: Stage) -> None:
    said = evaluate(imported, None)
    assert {one.state for one in said.values()} == {State.UNKNOWN}
    assert "no Prometheus is attached" in said["Quiet"].reason
    with closing(HttpPrometheus("http://127.0.0.1:9")) as away:
        said = evaluate(imported, away)
    assert {one.state for one in said.values()} == {State.UNKNOWN}
    assert "Prometheus is away" in said["Quiet"].reason
