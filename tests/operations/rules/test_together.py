"""Rules that are changed while others change or evaluate them."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier

import pytest

from operations.rules.stage import CPU, Stage
from quarterdeck.kernel.work import Work
from quarterdeck.operations.rules.document import rule_of
from quarterdeck.operations.rules.ports import Remote
from quarterdeck.operations.rules.service import looking, writing
from quarterdeck.operations.rules.service.evaluating import Evaluator

AT_ONCE = {**CPU, "for": "PT0S"}
MILD = rule_of({**AT_ONCE, "severity": "info"})
TIMES = 4


@dataclass
class Meddler:
    """A Prometheus; whoever asks it gives somebody the time to change a rule."""

    stage: Stage
    change: Callable[[Work], object]

    def rules(self) -> Sequence[Remote]:
        with self.stage.work() as work:
            self.change(work)
        return []


def meddled(stage: Stage, change: Callable[[Work], object]) -> None:
    """A round in which a rule is changed that is about to fire, after it was read."""
    stage.apply(AT_ONCE)
    stage.apply({**CPU, "name": "other", "threshold": None, "promql": "up == 0"})
    stage.record("cpu", 85, host="a")
    attached = Meddler(stage, change)
    Evaluator(
        engine=stage.engine,
        metrics=stage.metrics,
        clock=stage.clock,
        attached=attached,
        attached_to="acme",
    ).beat()


@pytest.mark.parametrize(
    "change",
    [
        lambda work: writing.enable(work, "acme", "high-cpu", on=False),
        lambda work: writing.delete(work, "acme", "high-cpu"),
        lambda work: writing.apply(work, "acme", MILD),
        lambda work: writing.apply_all(work, "acme", [MILD]),
    ],
    ids=["disabled", "deleted", "changed", "imported"],
)
def test_a_round_in_flight_says_nothing_of_what_was_changed_meanwhile(
    stage: Stage, change: Callable[[Work], object]
) -> None:
    meddled(stage, change)
    assert stage.alerts() == []


def test_a_round_in_flight_says_nothing_of_what_was_had_back_meanwhile(stage: Stage) -> None:
    stage.apply(AT_ONCE, severity="info")
    meddled(stage, lambda work: writing.roll_back(work, "acme", "high-cpu", 1))
    assert stage.alerts() == []
    stage.feed(85)
    assert [one.sign.severity for one in stage.alerts()] == ["info"]


def test_who_applies_the_same_rule_at_once_makes_a_version_each(stage: Stage) -> None:
    together = Barrier(TIMES, timeout=30)

    def apply(value: int) -> None:
        for name in ("a", "b", "c"):
            rule = rule_of({**CPU, "name": name, "threshold": {"of": "cpu", "value": value}})
            together.wait()
            with stage.work() as work:
                writing.apply_all(work, "acme", [rule])

    with ThreadPoolExecutor(TIMES) as pool:
        assert [*pool.map(apply, range(TIMES))] == [None] * TIMES
    with stage.work() as work:
        for name in ("a", "b", "c"):
            found = looking.history(work, "acme", name)
            assert [one.version for one in found] == [4, 3, 2, 1]
