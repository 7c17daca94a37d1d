"""The six SLOs of runbook 004, as the pack has them: with its figures, and all counted."""

import pytest
from sqlalchemy import Engine

from packs.test_watched import ROOT, SHIPPED, apply
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import read
from quarterdeck.operations.slos.planning import Planned
from quarterdeck.operations.slos.service import looking
from quarterdeck.packs import loader
from quarterdeck.packs.promised import SloSpec
from quarterdeck.packs.reading import files_of


@pytest.mark.census("ATP-190", "ATP-191", "ATP-192", "ATP-193", "ATP-194", "ATP-195", "ATP-201")
def test_the_six_slos_stand_with_the_runbooks_figures(engine: Engine) -> None:
    apply(engine, "atp")
    with read(engine, ROOT, utc_now) as work:
        planned = looking.plans(work, PLATFORM)
        rules = looking.rules_of(work, PLATFORM)
    assert {figures(one) for one in planned} == {
        ("availability", "99.9 %", "0.999", "1", 43.2),
        ("ingestion-latency", "P95", "0.95", "0.5", 2160),
        ("ingestion-latency", "P99", "0.99", "1", 432),
        ("query-latency", "P95", "0.95", "0.2", 2160),
        ("query-latency", "P99", "0.99", "0.5", 432),
        ("projection-lag", "P95", "0.95", "5", 2160),
        ("projection-lag", "P99", "0.99", "10", 432),
        ("data-durability", "99.999999999 %", "0.99999999999", "", 4.32e-07),
        ("tamper-detection", "100 %", "1", "", 0),
    }
    assert all(one.measure is not None for one in planned)
    assert rules.notes == ()


def figures(one: Planned) -> tuple[str, str, str, str, float]:
    objective = one.objective
    minutes = (1 - objective.target) * 30 * 24 * 60
    value = "" if objective.value is None else str(objective.value)
    return one.slo.metadata.name, one.title, str(objective.target), value, float(minutes)


def test_each_number_of_the_six_is_measured_here() -> None:
    """The names of their series are those that this installation has."""
    known = (SHIPPED.parents[2] / "docs" / "reference" / "metrics.md").read_text()
    text = files_of(SHIPPED / "atp")["slos.yaml"]
    names = {
        word.strip("'\"},").partition("{")[0].removeprefix("histogram: ")
        for word in text.split()
        if "quarterdeck_" in word
    }
    assert len(names) == 8
    assert [name for name in names if f"`{name}`" not in known] == []


@pytest.mark.parametrize(
    "document",
    ["", "kind: SLO", "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: a}\nspec: {}"],
)
def test_an_item_is_one_slo(document: str) -> None:
    with pytest.raises(Invalid):
        SloSpec(openslo=document)


def test_an_item_is_named_by_whose_it_is(engine: Engine) -> None:
    text = files_of(SHIPPED / "atp")["slos.yaml"]
    for wrong in ("availability", "_platform/other", "a/b/c"):
        files = {
            "pack.yaml": files_of(SHIPPED / "atp")["pack.yaml"],
            "slos.yaml": text.replace("name: _platform/availability", f"name: {wrong}"),
        }
        with pytest.raises(Invalid), read(engine, ROOT, utc_now) as work:
            loader.apply(work, files)
