"""Metrics of several processes as one exposition, and what processes use."""

import os
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from quarterdeck.kernel import gathering
from quarterdeck.kernel.gathering import Gathered
from quarterdeck.kernel.resources import Memory, usage

HOUR = 3600.0
MIB = 1 << 20


def registry(appended: int) -> CollectorRegistry:
    made = CollectorRegistry()
    Counter("quarterdeck_things", "Things.", ["kind"], registry=made).labels("a").inc(appended)
    Gauge("strange_things", "Of somebody else.", registry=made).set(1)
    return made


def samples(gathered: Gathered) -> dict[tuple[str, str], float]:
    whole = CollectorRegistry()
    whole.register(gathered)
    return {
        (sample.name, sample.labels["role"]): sample.value
        for family in text_string_to_metric_families(generate_latest(whole).decode())
        for sample in family.samples
        if sample.labels.get("region") == "west"
    }


def test_what_another_process_counts_stands_beside_ones_own(tmp_path: Path) -> None:
    gathering.write(tmp_path, "worker", registry(3))
    mine = Gathered(role="web", region="west", folder=tmp_path, registry=registry(2))
    assert samples(mine) == {
        ("quarterdeck_things_total", "web"): 2,
        ("quarterdeck_things_total", "worker"): 3,
        ("quarterdeck_things_created", "web"): pytest.approx(samples(mine)[_created("web")]),
        ("quarterdeck_things_created", "worker"): pytest.approx(samples(mine)[_created("worker")]),
        ("strange_things", "web"): 1,
    }
    gathering.leave(tmp_path, "worker")
    assert ("quarterdeck_things_total", "worker") not in samples(mine)


def _created(role: str) -> tuple[str, str]:
    return "quarterdeck_things_created", role


def test_a_process_that_died_is_forgotten_within_a_minute(tmp_path: Path) -> None:
    gathering.write(tmp_path, "worker", registry(3))
    (file,) = tmp_path.glob("*.prom")
    os.utime(file, (1, 1))
    mine = Gathered(role="web", region="west", folder=tmp_path, registry=registry(2))
    assert ("quarterdeck_things_total", "worker") not in samples(mine)


def test_two_processes_of_a_role_are_told_apart(tmp_path: Path) -> None:
    gathering.write(tmp_path, "worker", registry(3))
    (file,) = tmp_path.glob("*.prom")
    (tmp_path / "worker.7.prom").write_bytes(file.read_bytes())
    found = [
        tuple(sorted(sample.labels.items()))
        for family in Gathered(role="web", region="west", folder=tmp_path).collect()
        for sample in family.samples
        if sample.name == "quarterdeck_things_total"
    ]
    assert len(found) == len(set(found)) == 2


def test_a_step_is_no_growth_and_a_saw_that_climbs_is_one() -> None:
    step, late, saw = Memory(), Memory(), Memory()
    for minute in range(240):
        step.add(minute * 60, (100 if minute < 100 else 300) * MIB)
        late.add(minute * 60, (100 if minute < 230 else 900) * MIB)
        saw.add(minute * 60, (100 + minute + 30 * (minute % 2)) * MIB)
    assert step.growth_bytes_per_hour() == 0
    assert late.growth_bytes_per_hour() == 0
    assert saw.growth_bytes_per_hour() == pytest.approx(60 * MIB, rel=0.02)


@pytest.mark.census("ATP-373")
def test_memory_that_grows_and_grows_is_told_from_memory_that_sways() -> None:
    leaking, swaying, warming = Memory(), Memory(), Memory()
    for minute in range(60):
        leaking.add(minute * 60, 100 * MIB + minute * MIB)
        swaying.add(minute * 60, (100 + 40 * (minute % 2)) * MIB)
        warming.add(minute * 60, (100 + min(minute, 5)) * MIB)
    assert leaking.growth_bytes_per_hour() == pytest.approx(60 * MIB)
    assert swaying.growth_bytes_per_hour() == 0
    assert warming.growth_bytes_per_hour() < 5 * MIB


def test_of_too_few_samples_nothing_is_said() -> None:
    memory = Memory()
    for second in range(600):
        memory.add(second, second * MIB)
    assert (len(memory.samples), memory.growth_bytes_per_hour()) == (10, 0)


def test_usage_is_what_the_kernel_says() -> None:
    used = usage()
    assert used["memory_bytes"] > 10 * MIB
    assert used["cpu_s"] > 0
