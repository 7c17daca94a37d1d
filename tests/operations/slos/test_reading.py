"""OpenSLO is read, or refused with the place and the reason, and written again as it was."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.slos.stage import REQUESTS, UP
from quarterdeck.operations.slos.documents import UnreadableSlo
from quarterdeck.operations.slos.model.openslo import (
    AlertCondition,
    AlertNotificationTarget,
    AlertPolicy,
    Budgeting,
    DataSource,
    Metadata,
    Object,
    Objective,
    Op,
    Ratio,
    RawType,
    Service,
    Sli,
    Slo,
    Source,
    Threshold,
)
from quarterdeck.operations.slos.model.spans import Calendar, Span, Unit, Window
from quarterdeck.operations.slos.reading import read
from quarterdeck.operations.slos.writing import write

POLICY = """\
apiVersion: openslo/v1
kind: AlertPolicy
metadata: {name: fast}
spec:
  alertWhenBreaching: true
  conditions:
    - kind: AlertCondition
      metadata: {name: fast-burn}
      spec:
        severity: page
        condition: {kind: burnrate, op: gte, threshold: 14.4, lookbackWindow: 1h, alertAfter: 5m}
    - conditionRef: other
  notificationTargets: [{targetRef: pager}]
---
apiVersion: openslo/v1
kind: AlertNotificationTarget
metadata: {name: pager}
spec: {target: pagerduty}
---
apiVersion: openslo/v1
kind: DataSource
metadata: {name: prod}
spec: {type: Prometheus, connectionDetails: {url: 'http://prometheus.example:9090'}}
---
apiVersion: openslo/v1
kind: Service
metadata: {name: web, labels: {team: [a, b], tier: one}}
spec: {}
"""


def test_every_published_example_is_read(shared_data: Path) -> None:
    files = sorted((shared_data / "data" / "openslo").rglob("*.yaml"))
    assert len(files) == 4
    for file in files:
        found = read(file.read_text())
        assert [type(one) for one in found.objects] == [Slo]
        assert read(write(found.objects)).objects == found.objects
        calendar = "budgeting-method/timeslices" in str(file)
        assert bool(found.notes) is calendar  # a month, written as a minute


def test_what_the_examples_say_is_what_is_read(shared_data: Path) -> None:
    folder = shared_data / "data" / "openslo" / "examples" / "budgeting-method"
    [timed] = read((folder / "timeslices-slo.yaml").read_text()).objects
    assert isinstance(timed, Slo)
    assert timed.window == Window(
        span=Span(1, Unit.MONTH),
        calendar=Calendar(datetime(2022, 1, 1, 12), "America/New_York"),  # noqa: DTZ001  as its clock shows it
    )
    assert [one.target for one in timed.objectives] == [Decimal("0.995"), Decimal("0.99")]
    [searches] = read((folder / "occurences-slo.yaml").read_text()).objects
    assert isinstance(searches, Slo)
    assert searches.budgeting is Budgeting.OCCURRENCES
    assert (searches.objectives[0].op, searches.objectives[0].value) == (Op.LT, Decimal(500))
    assert searches.policies == ()


def test_every_kind_is_read() -> None:
    found = read(POLICY + "---\n" + UP)
    kinds = [type(one) for one in found.objects]
    assert kinds == [AlertPolicy, AlertNotificationTarget, DataSource, Service, Slo]
    assert read(write(found.objects)).objects == found.objects
    [policy] = [one for one in found.objects if isinstance(one, AlertPolicy)]
    assert policy.conditions[1] == "other"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("openslo/v1", "openslo/v2", "document 1.apiVersion: expected openslo/v1"),
        ("kind: SLO", "kind: Slow", "document 1.kind: expected one of"),
        ("name: availability", "name: 'Not a name'", "is no name"),
        ("service: web", "server: web", "unknown field 'server'"),
        ("  service: web\n", "", "service is missing"),
        ("0.999", "1.2", "a target is above 0 and at most 1"),
        ("0.999", "lots", "objectives[0].target: expected a number"),
        ("duration: 30d", "duration: 30x", "expected a length"),
        ("duration: 30d", "duration: 9999d", "at most 366 days"),
        ("isRolling: true", "isRolling: maybe", "expected true or false"),
        ("isRolling: true", "isRolling: false", "calendar is missing"),
        ("Timeslices", "Guesses", "expected one of Occurrences, Timeslices"),
        (", timeSliceWindow: 1m", "", "need a timeSliceWindow"),
        ("op: gte, ", "", "needs op and value"),
        ("thresholdMetric", "ratioMetric", "unknown field 'metricSource'"),
        ("    metadata: {name: up}\n", "", "metadata is missing"),
        ("spec:\n  service", "spec: &a\n  again: *a\n  service", "write out what *a stands for"),
    ],
)
def test_what_cannot_be_read_is_refused_with_place_and_reason(old: str, new: str, why: str) -> None:
    assert old in UP
    with pytest.raises(UnreadableSlo) as refused:
        read(UP.replace(old, new, 1))
    assert why in str(refused.value)


START = "document 1.spec.timeWindow[0].calendar.startTime: expected a time"
BY_CALENDAR = (
    "isRolling: true",
    "isRolling: false, calendar: {timeZone: Europe/Stockholm, startTime: START}",
)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("service: web", 'service: "\\U0011FFFF"', "line 7: no YAML: chr() arg"),
        ("service: web", "service: web\n  service: other", "line 8: 'service' is there twice"),
        ("op: gte, ", "op: gte, op: lt, ", "line 16: 'op' is there twice"),
        ("{query: up}", "{query: up, query: down}", "line 12: 'query' is there twice"),
        ("apiVersion", f"%YAML {'9' * 5000}.1\n---\napiVersion", "line 1: no YAML: Exceeds"),
        (BY_CALENDAR[0], BY_CALENDAR[1].replace("START", "'0001-01-01 00:00:00+14:00'"), START),
        (BY_CALENDAR[0], BY_CALENDAR[1].replace("START", "'9999-12-31 23:59:59-12:00'"), START),
        (BY_CALENDAR[0], BY_CALENDAR[1].replace("START", "0001-01-01"), START),
    ],
    ids=[*"abcdefgh"],
)
def test_what_no_clock_and_no_text_can_hold_is_refused_with_its_place(
    old: str, new: str, why: str
) -> None:
    assert old in UP
    with pytest.raises(UnreadableSlo) as refused:
        read(UP.replace(old, new, 1))
    assert why in str(refused.value)


@pytest.mark.parametrize(
    "text", ["", "---\n", "[", "a: b: c", "- 1", "\0", "[" * 100, "x" * 1_000_001]
)
def test_a_text_that_holds_no_object_is_refused(text: str) -> None:
    with pytest.raises(UnreadableSlo):
        read(text)


@given(st.text(max_size=200))
def test_whatever_comes_is_read_or_refused(text: str) -> None:
    try:
        read(text)
    except UnreadableSlo:
        return


names = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
metadata = st.builds(
    Metadata,
    name=names,
    display_name=st.just("") | words,
    labels=st.dictionaries(names, st.lists(words, min_size=1, max_size=2).map(tuple), max_size=2),
    annotations=st.dictionaries(names, words, max_size=2),
)
specs = st.dictionaries(names, words | st.lists(words, min_size=1, max_size=2), max_size=2)
sources = st.builds(Source, type=words, spec=specs) | st.builds(Source, ref=names, spec=specs)
ratios = (
    st.builds(Ratio, counter=st.booleans(), good=sources, total=sources)
    | st.builds(Ratio, counter=st.booleans(), bad=sources, total=sources)
    | st.builds(Ratio, raw=sources, raw_type=st.sampled_from(RawType))
)
slis = st.builds(
    Sli,
    metadata=metadata,
    measure=ratios | st.builds(Threshold, source=sources),
    description=st.just("") | words,
)
shares = st.integers(1, 10**11 - 1).map(lambda n: Decimal(n).scaleb(-11).normalize())
spans = st.builds(Span, st.integers(1, 12), st.sampled_from([Unit.DAY, Unit.WEEK]))
starts = st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001  a clock's
    lambda at: at.replace(microsecond=0)
)
calendars = st.builds(
    Calendar, starts, st.sampled_from(["UTC", "Europe/Stockholm", "America/New_York"])
)
windows = st.builds(Window, span=spans, calendar=st.none() | calendars)
objectives = st.builds(
    Objective,
    target=shares,
    display_name=st.just("") | words,
    op=st.sampled_from(Op),
    value=st.integers(-1000, 10**6).map(Decimal),
    slice_target=shares,
    slice_window=st.just(Span(1, Unit.MINUTE)),
)
conditions = st.builds(
    AlertCondition,
    metadata=metadata,
    severity=words,
    op=st.sampled_from([Op.GT, Op.GTE]),
    threshold=st.integers(1, 100).map(Decimal),
    lookback=spans,
    after=st.none() | spans,
    description=st.just("") | words,
)
targets = st.builds(AlertNotificationTarget, metadata=metadata, target=words)
policies = st.builds(
    AlertPolicy,
    metadata=metadata,
    conditions=st.lists(names | conditions, max_size=2).map(tuple),
    targets=st.lists(names | targets, max_size=2).map(tuple),
    when_no_data=st.booleans(),
)
slos = st.builds(
    Slo,
    metadata=metadata,
    service=names,
    indicator=names | slis,
    window=windows,
    budgeting=st.sampled_from(Budgeting),
    objectives=st.lists(objectives, min_size=1, max_size=2).map(tuple),
    policies=st.lists(names | policies, max_size=2).map(tuple),
    description=st.just("") | words,
)
others = (
    slis
    | st.builds(Service, metadata=metadata, description=st.just("") | words)
    | st.builds(DataSource, metadata=metadata, type=words, connection=specs)
    | policies
    | conditions
    | targets
)


@given(st.lists(slos | others, min_size=1, max_size=3))
def test_what_is_written_is_read_again_as_the_same(objects: list[Object]) -> None:
    assert read(write(objects)).objects == tuple(objects)


def test_our_own_examples_survive_as_well() -> None:
    for text in (UP, REQUESTS):
        assert read(write(read(text).objects)) == read(text)
