"""Alert rules: processor time of a round over 5,000 pairs of rule and series, every 15 s."""

import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench._databases import NAMES, database
from quarterdeck.access.principals.model import installation
from quarterdeck.kernel.db import open_engine
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.telemetry import log_to_stderr
from quarterdeck.kernel.work import begin, read
from quarterdeck.migrations.tables import metadata
from quarterdeck.operations.metrics.model import Sample
from quarterdeck.operations.metrics.opening import Metrics, open_metrics
from quarterdeck.operations.metrics.service.recording import record
from quarterdeck.operations.metrics.service.sealing import Sealer
from quarterdeck.operations.rules.document import rule_of
from quarterdeck.operations.rules.model import Rule
from quarterdeck.operations.rules.service.evaluating import Evaluator
from quarterdeck.operations.rules.service.writing import apply_all

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
METRICS, HOSTS, RULES = 10, 50, 10  # rules a metric: 10 x 10 rules, each of 50 series
EVERY_S, MINUTES, ROUNDS = 15, 6, 12
BAR_S = 0.25 * EVERY_S
FUNCTIONS = ("last", "avg", "max", "increase")


@dataclass
class Now:
    """A clock that is moved by hand."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at


def main() -> None:
    """Measure on each database."""
    log_to_stderr("ERROR", "text")
    print(f"{METRICS * RULES} rules of {HOSTS} series each, {METRICS * RULES * HOSTS} pairs")
    print(f"{'database':<10} {'what':<34} {'value':>10} {'bar':>10}")
    for name in NAMES:
        with tempfile.TemporaryDirectory() as folder, database(name) as url:
            if url:
                _measure(name, url, Path(folder))


def _measure(name: str, url: str, folder: Path) -> None:
    engine, clock = open_engine(url), Now()
    metadata.create_all(engine)
    with closing(open_metrics(engine, folder / "series")) as metrics:
        with begin(engine, installation(), clock) as work:
            apply_all(work, PLATFORM, [_rule(n) for n in range(METRICS * RULES)])
        evaluator = Evaluator(engine=engine, metrics=metrics, clock=clock)
        for _ in range(MINUTES * 60 // EVERY_S):
            _feed(evaluator, metrics, clock)
        Sealer(metrics=metrics, clock=clock).beat()
        cpu, took = [], []
        for _ in range(ROUNDS):
            _feed(evaluator, metrics, clock)
            began, began_cpu = perf_counter(), process_time()
            evaluator.beat()
            cpu.append(process_time() - began_cpu)
            took.append(perf_counter() - began)
    engine.dispose()
    _row(name, "CPU seconds a round, mean", sum(cpu) / ROUNDS, f"{BAR_S:.2f}")
    _row(name, "CPU seconds a round, worst", max(cpu), f"{BAR_S:.2f}")
    _row(name, "share of one core", sum(cpu) / ROUNDS / EVERY_S, "0.25")
    _row(name, "seconds a round, worst", max(took), "")


def _feed(evaluator: Evaluator, metrics: Metrics, clock: Now) -> None:
    clock.at += timedelta(seconds=EVERY_S)
    step = (clock.at - NOON).total_seconds() / EVERY_S
    samples = [
        Sample(f"metric_{n}", {"host": f"host-{h}"}, clock.at, step * (h % 7) + h)
        for n in range(METRICS)
        for h in range(HOSTS)
    ]
    with read(evaluator.engine, installation(), clock) as work:
        record(work, metrics, PLATFORM, samples)


def _rule(number: int) -> Rule:
    said = {
        "name": f"rule-{number}",
        "threshold": {
            "of": f"metric_{number % METRICS}",
            "function": FUNCTIONS[number % len(FUNCTIONS)],
            "value": 30 + number,
        },
        "for": "PT1M",
        "runbook": "https://wiki.example",
    }
    return rule_of(said)


def _row(database: str, what: str, value: float, bar: str) -> None:
    print(f"{database:<10} {what:<34} {value:>10.3f} {bar:>10}")


if __name__ == "__main__":
    main()
