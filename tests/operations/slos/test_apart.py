"""One SLO whose source or numbers are bad leaves every other one judged."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Thread

import pytest
from sqlalchemy import select, update

from operations.slos.stage import UP, Stage
from quarterdeck.kernel.jobs.model import LeaseLost
from quarterdeck.operations.metrics import tables
from quarterdeck.operations.metrics.service.sealing import Sealer
from quarterdeck.operations.slos.model.measure import Counted, Measure, Slices
from quarterdeck.operations.slos.model.openslo import UnusableSlo
from quarterdeck.operations.slos.model.standing import Standing, Verdict
from quarterdeck.operations.slos.reading import read
from quarterdeck.operations.slos.service import applying, looking
from quarterdeck.operations.slos.store import objects
from quarterdeck.operations.slos.store import tables as kept

ODD = UP.replace("name: availability", "name: a-first").replace("type: Quarterdeck", "type: Odd")
SOURCE = """\
apiVersion: openslo/v1
kind: DataSource
metadata: {name: prod}
spec: {type: Prometheus, connectionDetails: {url: 'URL'}}
"""
CONDITION = """\
apiVersion: openslo/v1
kind: AlertCondition
metadata: {name: fast}
spec:
  severity: page
  condition: {kind: burnrate, op: gte, threshold: 2, lookbackWindow: 1h}
"""


@dataclass
class Odd:
    """A source that throws, or says what is no number."""

    error: Exception | None = None
    said: Counted = field(default_factory=lambda: Counted(math.nan, 1.0))

    def slices(self, tenant: str, measure: Measure, ends: Sequence[datetime]) -> Slices:  # noqa: ARG002  it says the same of all
        if self.error is not None:
            raise self.error
        return dict.fromkeys(ends, self.said)


def staged(stage: Stage, odd: Odd) -> None:
    """Two SLOs, of which the first has an odd source."""
    stage.others["Odd"] = odd
    stage.apply(f"{ODD}---\n{UP}")
    stage.gauge("up", [1.0] * 10)
    stage.pass_time(minutes=1)


def standings(stage: Stage) -> dict[str, Standing]:
    with stage.look() as work:
        found = looking.slos(work, "acme")
    return {one.name: standing for one in found for standing in one.objectives}


def test_the_round_goes_on_and_tells_the_first_failure_at_its_end(stage: Stage) -> None:
    staged(stage, Odd(error=ZeroDivisionError("odd")))
    with pytest.raises(ZeroDivisionError, match="odd"):
        stage.evaluate()
    assert standings(stage)["availability"].verdict is Verdict.MET


def test_a_round_that_lost_its_job_ends_at_once(stage: Stage) -> None:
    staged(stage, Odd(error=LeaseLost("7")))
    with pytest.raises(LeaseLost):
        stage.evaluate()
    assert standings(stage) == {}


@dataclass
class Removing:
    """A source that is asked while somebody removes the SLO; all of it is bad."""

    stage: Stage
    asked: int = 0

    def slices(self, tenant: str, measure: Measure, ends: Sequence[datetime]) -> Slices:  # noqa: ARG002  as Odd
        self.asked += 1
        if self.asked == 1:
            with self.stage.work() as work:
                applying.remove(work, tenant, "SLO", "a-first")
        return dict.fromkeys(ends, Counted(0.0, 1.0))


def test_an_slo_that_is_removed_while_it_is_counted_leaves_nothing(stage: Stage) -> None:
    source = stage.others["Odd"] = Removing(stage)
    stage.apply(f"{ODD}---\n{UP}")
    stage.gauge("up", [1.0] * 10)
    stage.pass_time(minutes=1)
    [other] = stage.evaluate()
    assert (other.slo, source.asked) == ("availability", 1)
    assert stage.told("BudgetStepReached", "SloBurning") == []
    with stage.engine.connect() as db:
        assert db.scalars(select(kept.measures.c.slo)).all() == ["availability"]
        assert db.scalars(select(kept.slices.c.measure).distinct()).all() == [other.measure]
        assert db.scalars(select(kept.standings.c.slo)).all() == ["availability"]
        assert db.scalars(select(kept.crossings.c.slo)).all() == []


def test_an_slo_waits_to_be_removed_until_what_it_demands_is_written(stage: Stage) -> None:
    stage.apply(UP)
    removing = Thread(target=remove, args=(stage,))
    with stage.work() as work:
        own = work.require(applying.WRITE, "acme")
        assert objects.hold(work.db, own, "SLO", "availability")
        removing.start()
        removing.join(0.3)
        assert removing.is_alive()
    removing.join()
    with stage.work() as work:
        assert not objects.hold(work.db, own, "SLO", "availability")


def remove(stage: Stage) -> None:
    with stage.work() as work:
        applying.remove(work, "acme", "SLO", "availability")


@pytest.mark.parametrize("said", [Counted(math.nan, 1.0), Counted(1.0, math.inf)])
def test_what_a_source_says_that_is_no_number_is_not_known(stage: Stage, said: Counted) -> None:
    staged(stage, Odd(said=said))
    odd, well = stage.evaluate()
    assert (odd.verdict, odd.share) == (Verdict.UNKNOWN, None)
    assert well.verdict is Verdict.MET


@pytest.mark.parametrize("budgeting", ["Timeslices", "RatioTimeslices", "Occurrences"])
@pytest.mark.parametrize("combine", ["min", "avg", "sum"])
def test_points_of_ours_that_are_no_numbers_are_not_known(
    stage: Stage, budgeting: str, combine: str
) -> None:
    asked = UP.replace("query: up", f"query: up, combine: {combine}")
    stage.apply(asked.replace("Timeslices", budgeting))
    stage.gauge("up", [1.0] * 4 + [math.nan, math.inf, -math.inf] + [1.0] * 3, host="a")
    stage.gauge("up", [1.0] * 4 + [1.0, -math.inf, math.inf] + [1.0] * 3, host="b")
    stage.pass_time(minutes=1)
    [found] = stage.evaluate()
    assert (found.verdict, found.attained) == (Verdict.MET, 1.0)
    assert found.coverage == pytest.approx(7 / 43_200)


def test_stored_points_that_are_damaged_are_not_known(stage: Stage) -> None:
    stage.apply(UP)
    stage.gauge("up", [1.0] * 10)
    stage.pass_time(minutes=40)
    Sealer(metrics=stage.metrics, clock=stage.clock).beat()
    with stage.metrics.writing() as db:
        db.execute(update(tables.chunks).values(data=b"\0" * 40))
    [found] = stage.evaluate()
    assert found.verdict is Verdict.UNKNOWN
    assert "damaged" in found.reason


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://prometheus.example:port", "url cannot be used"),
        ("http://prometheus.example:99999", "url cannot be used"),
        ("http://prométheus.example", "beyond ASCII"),
        ("http://[::1", "url cannot be used"),
        (f"http://{'a' * 70}.example", "url cannot be used"),
        ("http://:9090", "names no host"),
        ("ftp://prometheus.example", "begins with https"),
    ],
)
def test_an_address_that_can_never_be_asked_is_refused(stage: Stage, url: str, why: str) -> None:
    with pytest.raises(UnusableSlo, match=why):
        stage.apply(SOURCE.replace("URL", url))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("threshold: 2", "threshold: 1e400", "a threshold is"),
        ("threshold: 2", "threshold: 1e-400", "a threshold is"),
        ("threshold: 2", "threshold: -1", "a threshold is"),
        ("op: gte", "op: lt", "never too low: got lt"),
        ("op: gte", "op: lte", "never too low: got lte"),
        ("lookbackWindow: 1h", "lookbackWindow: 9999Y", "at most 366 days"),
        ("lookbackWindow: 1h", "lookbackWindow: 1h, alertAfter: 9999Y", "at most 366 days"),
    ],
)
def test_a_burn_rate_beyond_all_numbers_is_refused(old: str, new: str, why: str) -> None:
    assert read(CONDITION).objects
    with pytest.raises(UnusableSlo, match=why):
        read(CONDITION.replace(old, new))


def test_a_target_whose_rest_no_number_shows_is_refused() -> None:
    with pytest.raises(UnusableSlo, match="at least 1e-12 below"):
        read(UP.replace("0.999", f"0.{'9' * 400}"))
