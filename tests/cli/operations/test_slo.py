"""SLOs on the command line."""

import json
from collections.abc import Callable
from pathlib import Path

import yaml

from api.operations.test_slos import evaluate
from operations.slos.stage import UP
from quarterdeck.access.principals.model import installation
from quarterdeck.kernel.work import begin
from quarterdeck.operations.slos.store.standing import cross
from quarterdeck.runtime import Runtime

Run = Callable[..., tuple[int, str, str]]


def test_an_slo_is_tried_applied_shown_and_deleted(
    run: Run, runtime: Runtime, tmp_path: Path
) -> None:
    file = tmp_path / "slo.yaml"
    file.write_text(UP)
    assert run("slo list")[::2] == (0, "no SLO is set: quarterdeck slo apply FILE")
    code, table, _ = run(f"slo preview {file} --tenant acme")
    assert (code, len(table.splitlines())) == (0, 6)
    assert "43.2 min\tQuarterdeck\t10 % in 1h\t72\t0" in table
    assert run(f"slo apply {file} --tenant acme")[2] == "applied SLO availability"
    assert run(f"slo apply {file} --tenant acme")[2] == "nothing is new in it"
    evaluate(runtime)
    assert "acme\tavailability\t99.9 %\tnot known\tnot known" in run("slo list")[1]
    code, table, words = run("slo show availability --tenant acme")
    assert (code, len(table.splitlines())) == (0, 6)
    assert "not known left of 43.2 min" in words
    assert len(run("slo history availability --tenant acme")[1].splitlines()) > 80
    [shown] = yaml.safe_load_all(run("slo show availability --tenant acme --yaml")[1])
    assert shown["spec"]["objectives"][0]["target"] == 0.999
    assert run("slo delete availability --tenant acme")[0] != 0  # nobody says yes
    assert json.loads(run("slo show availability --tenant acme --json")[1])["slo"] == "availability"
    assert run("slo delete availability --tenant acme --yes")[2] == "SLO availability is removed"
    assert json.loads(run("slo list --json")[1]) == []


def test_rules_are_printed_for_prometheus(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "slo.yaml"
    file.write_text(UP + "---\n" + UP.replace("availability", "any").replace("Quarterdeck", "Any"))
    run(f"slo apply {file} --tenant acme")
    code, text, words = run("slo rules --tenant acme")
    assert code == 0
    assert [one["name"] for one in yaml.safe_load(text)["groups"]] == [
        "slo-acme-availability-1",
        "slo-acme-availability-1-budget",
    ]
    assert "any, 99.9 %: a source of type 'Any' is none of Prometheus" in words


def test_a_file_that_is_none_is_refused(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "slo.yaml"
    assert run(f"slo apply {file}")[0] == 2
    file.write_text(UP.replace("0.999", "9"))
    code, _, words = run(f"slo apply {file} --tenant acme")
    assert code == 2
    assert "document 1.spec.objectives[0]: a target is above 0" in words


def test_a_demand_that_holds_is_listed_though_its_source_is_silent(
    run: Run, runtime: Runtime, tmp_path: Path
) -> None:
    file = tmp_path / "slo.yaml"
    file.write_text(UP)
    run(f"slo apply {file} --tenant acme")
    evaluate(runtime)
    assert run("slo list")[1].splitlines()[-1].endswith("43.2 min")
    row = {"tenant": "acme", "slo": "availability", "objective": "1", "what": "demand:features"}
    with begin(runtime.engine, installation(), runtime.clock) as work:
        assert cross(work.db, row, work.now)
    assert run("slo list")[1].splitlines()[-1].endswith("43.2 min\tfeatures")


def test_the_report_of_a_month(run: Run, runtime: Runtime, tmp_path: Path) -> None:
    assert run("slo report")[::2][0] == 0
    file = tmp_path / "slo.yaml"
    file.write_text(UP)
    run(f"slo apply {file} --tenant acme")
    evaluate(runtime)
    code, table, words = run("slo report --month 2026-02")
    assert (code, words) == (0, "from 2026-02-01T00:00:00Z to 2026-03-01T00:00:00Z")
    assert "acme\tweb\tavailability\t99.9 %\tnot known\tnot known" in table
    said = json.loads(
        run("slo report --from 2026-02-01T00:00:00Z --to 2026-02-02T00:00:00Z --json")[1]
    )
    assert [one["met"] for one in said["rows"]] == [None]
    assert run("slo report --month 2026-13")[0] == 2
    assert run("slo report --from 2026-02-01T00:00:00Z")[0] != 0
