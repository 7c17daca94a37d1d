"""Metrics on the command line."""

import json
from collections.abc import Callable
from datetime import timedelta

from quarterdeck.access.principals.model import installation
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.work import read
from quarterdeck.operations.metrics.model import Sample
from quarterdeck.operations.metrics.service.recording import record
from quarterdeck.runtime import Runtime

Run = Callable[..., tuple[int, str, str]]


def keep(runtime: Runtime, *values: float) -> None:
    now = utc_now()
    samples = [
        Sample("CpuPercentage", {"resource": "web-1"}, now - timedelta(minutes=n), value)
        for n, value in enumerate(values)
    ]
    with read(runtime.engine, installation(), utc_now) as work:
        record(work, runtime.metrics, "acme", samples)


def test_metrics_are_listed_shown_and_queried(run: Run, runtime: Runtime) -> None:
    assert run("metric list --tenant acme")[::2] == (0, "no metric has series yet")
    keep(runtime, 40, 60)
    assert "CpuPercentage\t1" in run("metric list --tenant acme")[1]
    assert "resource\tweb-1" in run("metric show CpuPercentage --tenant acme")[1]
    asked = 'metric query CpuPercentage{resource="web-1"} --tenant acme'
    code, table, _ = run(asked)
    last = [line.split("\t")[-1] for line in table.splitlines()[-2:]]
    assert (code, last) == (0, ["60.0", "40.0"])
    code, found, _ = run(f"{asked} --interval PT1H --function max --json")
    assert code == 0
    assert all(one["labels"] == {"resource": "web-1"} for one in json.loads(found))


def test_what_cannot_be_asked_is_told(run: Run) -> None:
    code, _, words = run("metric query 'up{' --tenant acme")
    assert code != 0
    assert "NAME" in words
    assert run("metric show absent --tenant acme")[0] == 2
    assert "no point in that time" in "".join(run("metric query up --tenant acme")[1:])
