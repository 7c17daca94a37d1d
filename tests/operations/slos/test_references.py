"""What an SLO refers to does not go, or change, so that nothing of it can be counted any more."""

import pytest

from operations.slos.stage import REQUESTS, UP, Stage
from quarterdeck.operations.slos.model.openslo import UnusableSlo
from quarterdeck.operations.slos.model.standing import Standing
from quarterdeck.operations.slos.service import applying, looking
from quarterdeck.operations.slos.service.applying import NoSuchSlo, ReferredTo
from quarterdeck.operations.slos.store import objects

INLINE = """\
  indicator:
    metadata: {name: up}
    spec:
      thresholdMetric:
        metricSource: {type: Quarterdeck, spec: {query: up}}
"""
SLO = UP.replace(INLINE, "  indicatorRef: up\n")
SLI = """\
apiVersion: openslo/v1
kind: SLI
metadata: {name: up}
spec:
  thresholdMetric:
    metricSource: {metricSourceRef: ours, spec: {query: up}}
"""
SOURCE = """\
apiVersion: openslo/v1
kind: DataSource
metadata: {name: ours}
spec: {type: Quarterdeck}
"""


@pytest.fixture
def apart(stage: Stage) -> Stage:
    """An SLO that was judged, by an SLI and a DataSource of their own."""
    assert SLO != UP
    stage.apply(f"{SLO}---\n{SLI}---\n{SOURCE}")
    stage.gauge("up", [1.0] * 600)
    stage.pass_time(minutes=1)
    stage.evaluate()
    return stage


def judged(stage: Stage) -> Standing:
    [found] = stage.evaluate()
    return found


@pytest.mark.parametrize(
    ("kind", "name", "by"), [("SLI", "up", "SLO availability"), ("DataSource", "ours", "SLI up")]
)
def test_what_is_referred_to_cannot_be_removed(apart: Stage, kind: str, name: str, by: str) -> None:
    why = f"is referred to by {by}: change or remove"
    with apart.work() as work, pytest.raises(ReferredTo, match=why):
        applying.remove(work, "acme", kind, name)
    assert judged(apart).reason == ""


def test_what_nobody_refers_to_any_more_can_be_removed(apart: Stage) -> None:
    with apart.work() as work:
        for kind, name in (("SLO", "availability"), ("SLI", "up"), ("DataSource", "ours")):
            applying.remove(work, "acme", kind, name)
            with pytest.raises(NoSuchSlo):
                applying.remove(work, "acme", kind, name)


def test_a_change_that_leaves_an_slo_nothing_to_count_is_refused(apart: Stage) -> None:
    text = SLI.replace("ours", "another")
    with pytest.raises(UnusableSlo, match="SLO availability: no DataSource"):
        apart.apply(text)
    with apart.look() as work, pytest.raises(UnusableSlo, match="SLO availability"):
        applying.preview(work, "acme", text)
    assert judged(apart).reason == ""


def test_an_slo_by_an_sli_of_a_ratio_refuses_the_threshold_that_it_says_nothing_of(
    stage: Stage,
) -> None:
    ratio = SLI.replace("thresholdMetric:", "ratioMetric:\n    raw:").replace(
        "    metricSource:", "      metricSource:"
    )
    stage.apply(f"{SLO.replace('op: gte, value: 1, ', '')}---\n{ratio}---\n{SOURCE}")
    with pytest.raises(UnusableSlo, match=r"SLO availability: .*needs op and value"):
        stage.apply(SLI)


def test_what_was_counted_stays_while_nothing_can_be_counted(apart: Stage) -> None:
    before = judged(apart)
    with apart.work() as work:  # as a release did that let it go
        own = work.require(applying.WRITE, "acme")
        assert objects.remove(work.db, own, "DataSource", "ours")
    assert judged(apart).measure == ""
    apart.apply(SOURCE)
    apart.pass_time(days=15)  # so far back nothing is counted anew
    found = judged(apart)
    assert found.coverage == pytest.approx(before.coverage)
    assert before.coverage > 0


def test_what_was_counted_of_a_source_that_moves_is_counted_still(apart: Stage) -> None:
    before = judged(apart)
    apart.apply(SOURCE.replace("Quarterdeck}", "Quarterdeck, connectionDetails: {zone: a}}"))
    apart.pass_time(minutes=1)
    found = judged(apart)
    assert found.measure == before.measure
    apart.apply(SLI.replace("query: up", "query: other"))
    assert judged(apart).measure != before.measure


def test_what_is_written_otherwise_is_counted_as_the_same(stage: Stage) -> None:
    def key(text: str) -> str:
        stage.apply(text)
        with stage.look() as work:
            [planned] = looking.plans(work, "acme")
        assert planned.measure is not None
        return planned.measure.key

    spec = "{query: up, combine: min}"
    one = UP.replace("{query: up}", spec)
    same = UP.replace("{query: up}", "{combine: min, query: up}").replace(
        "value: 1, target: 0.999, timeSliceTarget: 1",
        "value: 1.0, target: 0.99, timeSliceTarget: 1.00",
    )
    assert key(one) == key(same)
    changes = (("combine: min", "combine: max"), ("gte", "gt"), ("value: 1", "value: 2"))
    others = [key(one.replace(old, new)) for old, new in (*changes, (": 1m", ": 2m"))]
    assert len({key(one), *others}) == 5


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("type: Quarterdeck", "type: Prometheus", "bad is of type Prometheus and total of type Qu"),
        ("type: Quarterdeck", "metricSourceRef: prod", "bad is of DataSource prod and total of ty"),
        ("bad: {metricSource: {type: Quarterdeck", "good: {metricSource: {type: Any", "good is of"),
    ],
)
def test_a_part_of_another_source_than_the_total_is_refused(
    stage: Stage, old: str, new: str, words: str
) -> None:
    prod = SOURCE.replace("ours", "prod").replace("Quarterdeck", "Prometheus")
    with pytest.raises(UnusableSlo, match="SLO answers: ") as refused:
        stage.apply(f"{prod}---\n{REQUESTS.replace(old, new, 1)}")
    assert words in str(refused.value)
    assert "by the same type or metricSourceRef" in str(refused.value)


def test_a_part_of_the_same_source_by_another_name_is_none_of_another(stage: Stage) -> None:
    named = REQUESTS.replace("type: Quarterdeck", "metricSourceRef: ours", 1)
    stage.apply(f"{SOURCE}---\n{named}")
