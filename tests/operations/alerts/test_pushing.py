"""Alerts that others push: identified by their labels, ended by their time."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from quarterdeck.kernel import outbox
from quarterdeck.kernel.work import Actor, MissingPermission, Work, begin
from quarterdeck.operations.alerts.labels import fault
from quarterdeck.operations.alerts.model import Alert, AlertState, Filter, Severity
from quarterdeck.operations.alerts.pushed import Push, Span, merged, wrong
from quarterdeck.operations.alerts.service import lifecycle, looking, pushing
from quarterdeck.operations.silences.matchers import parse

PROMETHEUS = Actor("prometheus", frozenset({("alerts:push", "acme"), ("alerts:read", "acme")}))
SRE = Actor(
    "sre-1",
    frozenset((f"alerts:{verb}", "acme") for verb in ("read", "acknowledge", "resolve")),
)
MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 2, 28, 12, tzinfo=UTC)


@dataclass
class Watch:
    """Alerts, and a clock that is moved by hand."""

    engine: Engine
    now: datetime = NOON
    told: list[str] = field(default_factory=list)

    def work(self, actor: Actor = SRE) -> AbstractContextManager[Work]:
        return begin(self.engine, actor, lambda: self.now)

    def push(
        self, *labels: Mapping[str, str], ends_in: timedelta | None = None, **more: object
    ) -> None:
        pushes = [
            Push(
                labels=one,
                annotations={},
                starts_at=self.now,
                ends_at=self.now + (5 * MINUTE if ends_in is None else ends_in),
                guessed=ends_in is None,
                **more,  # type: ignore[arg-type]
            )
            for one in labels
        ]
        with self.work(PROMETHEUS) as work:
            pushing.push(work, "acme", pushes)

    def live(self) -> list[Alert]:
        with self.work() as work:
            return looking.live(work, "acme")

    def every(self) -> list[Alert]:
        with self.work() as work:
            return looking.listed(work, Filter())[::-1]

    def events(self) -> list[str]:
        with self.engine.connect() as db:
            return [fact.name for fact in outbox.after(db, "acme", 0, 1000)]

    def expire(self) -> int:
        return pushing.expire(self.engine, lambda: self.now)


@pytest.fixture
def watch(engine: Engine) -> Watch:
    return Watch(engine)


A = {"alertname": "Down", "node": "a", "severity": "critical"}
B = {"alertname": "Down", "node": "b", "severity": "page"}


def test_the_same_labels_are_the_same_alert(watch: Watch) -> None:
    watch.push(A, B)
    watch.now += MINUTE
    watch.push(dict(reversed(A.items())))
    assert {(a.sign.labels["node"], a.times) for a in watch.every()} == {("a", 2), ("b", 1)}
    assert {a.sign.severity for a in watch.every()} == {Severity.CRITICAL}
    assert watch.events() == ["AlertFired", "AlertFired"]


def test_of_the_same_labels_twice_in_a_request_one_alert_comes(watch: Watch) -> None:
    watch.push(A, A)
    assert len(watch.every()) == 1


@pytest.mark.census("ATP-104")
def test_an_alert_ends_by_itself_when_nobody_repeats_it(watch: Watch) -> None:
    watch.push(A)
    watch.now += 4 * MINUTE
    assert watch.expire() == 0
    watch.push(A)
    watch.now += 4 * MINUTE
    assert (watch.expire(), len(watch.live())) == (0, 1)
    watch.now += MINUTE
    assert watch.live() == []  # at once, whenever the worker comes to write it down
    assert watch.expire() == 1
    [one] = watch.every()
    assert (one.state, one.ends_at, one.resolved_by) == (AlertState.RESOLVED, watch.now, "")
    assert watch.events() == ["AlertFired", "AlertEnded"]
    with watch.work() as work:
        history = looking.account(work, one.id).history
    assert [change.state for change in history] == ["firing", "resolved"]


def test_an_alert_of_a_clock_that_is_ahead_fires_at_once_and_ends_as_it_says(watch: Watch) -> None:
    ahead = watch.now + 60 * MINUTE
    push = Push(
        labels=A, annotations={}, starts_at=ahead, ends_at=ahead + 60 * MINUTE, guessed=False
    )
    with watch.work(PROMETHEUS) as work:
        pushing.push(work, "acme", [push])
    [alert] = watch.live()
    assert (alert.fires(watch.now), alert.starts_at) == (True, ahead)
    watch.now = ahead + 59 * MINUTE
    assert (watch.expire(), len(watch.live())) == (0, 1)
    watch.now = ahead + 60 * MINUTE
    assert (watch.expire(), watch.live()) == (1, [])
    assert watch.events()[-1] == "AlertEnded"


def test_an_end_that_is_pushed_ends_it_and_the_next_begins_another(watch: Watch) -> None:
    watch.push(A)
    watch.now += MINUTE
    watch.push(A, ends_in=timedelta())
    assert watch.live() == []
    watch.push(A, ends_in=timedelta())  # Prometheus says it for a quarter of an hour
    watch.now += MINUTE
    watch.push(A)
    assert [a.state.value for a in watch.every()] == ["resolved", "firing"]
    assert watch.events() == ["AlertFired", "AlertEnded", "AlertFired"]


def test_what_is_over_and_was_never_heard_of_leaves_nothing(watch: Watch) -> None:
    watch.push(A, ends_in=-MINUTE)
    assert watch.every() == []


def test_an_end_that_somebody_said_outlives_a_guess(watch: Watch) -> None:
    watch.push(A, ends_in=timedelta(hours=1))
    watch.now += MINUTE
    watch.push(A)
    [one] = watch.live()
    assert one.expires_at == NOON + timedelta(hours=1)


def test_an_acknowledgement_holds_until_it_is_resolved_and_then_re_arms(watch: Watch) -> None:
    watch.push(A)
    [one] = watch.live()
    with watch.work() as work:
        held = lifecycle.acknowledge(work, one.id, "Ada")
        assert lifecycle.acknowledge(work, one.id, "Bob") == held
    assert (held.state, held.acknowledged_by) == (AlertState.ACKNOWLEDGED, "Ada")
    for _ in range(3):
        watch.now += MINUTE
        watch.push(A)
    assert [a.state.value for a in watch.live()] == ["acknowledged"]
    watch.push(A, ends_in=timedelta())
    watch.now += MINUTE
    watch.push(A)
    assert [a.state.value for a in watch.live()] == ["firing"]
    with watch.work() as work:
        found = looking.account(work, one.id)
    assert [(c.state, c.by) for c in found.history] == [
        ("firing", ""),
        ("acknowledged", "Ada"),
        ("resolved", ""),
    ]


@pytest.mark.census("AG-132")
def test_all_of_one_type_are_resolved_together_and_that_is_taken_back(watch: Watch) -> None:
    watch.push(A, B, {"alertname": "Slow"})
    with watch.work() as work:
        done = lifecycle.handle(work, "resolve", Filter(types=("Down",)), by="Ada")
    assert len(done) == 2
    assert [a.sign.type for a in watch.live()] == ["Slow"]
    watch.push(A)  # its cause has begun another
    with watch.work() as work:
        back = lifecycle.handle(work, "reopen", Filter(ids=tuple(done)))
    assert len(back) == 1
    assert sorted(a.sign.labels.get("node", "") for a in watch.live()) == ["", "a", "b"]
    assert watch.events().count("AlertsHandled") == 2


def test_of_what_one_cause_began_twice_the_newest_is_reopened(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "BULK_ROWS", 3)
    for _ in range(4):
        watch.push(A, B)
        watch.now += MINUTE
        watch.push(A, B, ends_in=timedelta())
    ids = [one.id for one in watch.every()]
    with watch.work() as work:
        assert lifecycle.handle(work, "reopen", Filter(ids=tuple(ids))) == ids[-2:]
    assert [one.id for one in watch.every() if one.state is AlertState.FIRING] == ids[-2:]


def test_what_ended_by_itself_and_is_reopened_fires_on_and_its_history_says_so(
    watch: Watch,
) -> None:
    watch.push(A)
    [one] = watch.live()
    with watch.work() as work:
        lifecycle.acknowledge(work, one.id, "Ada")
    watch.now += 5 * MINUTE
    watch.expire()
    over = watch.now
    watch.now += MINUTE
    with watch.work() as work:
        again = lifecycle.reopen(work, one.id)
    assert (again.state, again.acknowledged_by, again.acknowledged_at) == ("firing", "", None)
    watch.now += timedelta(hours=1)
    assert watch.expire() == 0
    assert [alert.id for alert in watch.live()] == [one.id]
    with watch.work() as work:
        history = looking.account(work, one.id).history
    assert [(c.state, c.by) for c in history] == [
        ("firing", ""),
        ("acknowledged", "Ada"),
        ("resolved", ""),
        ("reopened", "sre-1"),
    ]
    assert history[2].at == over
    watch.push(A)  # it is seen again, and ends as any other
    watch.now += 5 * MINUTE
    assert watch.expire() == 1


def test_many_are_acknowledged_at_once(watch: Watch) -> None:
    watch.push(*({"alertname": "Down", "node": str(n)} for n in range(1200)))
    with watch.work() as work:
        done = lifecycle.handle(work, "acknowledge", Filter(types=("Down",)))
        assert len(done) == 1200
        assert lifecycle.handle(work, "acknowledge", Filter(types=("Down",))) == []
        assert looking.counts(work) == {"acknowledged": 1200}
        some = Filter(ids=tuple(done[:5]))
        assert lifecycle.handle(work, "unacknowledge", some) == done[:5]


def test_alerts_are_found_by_what_they_bear(watch: Watch) -> None:
    watch.push(A, B, {"alertname": "Down", "node": "A"}, {"alertname": "x", "n": 'q"u'})

    def nodes(**wanted: object) -> list[str]:
        with watch.work() as work:
            found = looking.listed(work, Filter(**wanted))  # type: ignore[arg-type]
        return sorted(a.sign.labels.get("node", "") for a in found)

    assert nodes(labels=(("node", "a"),)) == ["a"]
    assert nodes(labels=(("n", 'q"u'),)) == [""]
    assert nodes(severities=(Severity.CRITICAL,)) == ["a", "b"]
    assert nodes(words="DOW") == ["A", "a", "b"]
    assert nodes(words="%") == []


@pytest.mark.parametrize(
    ("matchers", "expected"),
    [
        ("node=a", "a"),
        ('node=""', ""),
        ('node=~"a|b",alertname=Down', "ab"),
        ("node!=a", "b"),
        ("x=y", ""),
    ],
)
def test_of_what_fires_only_what_matches_is_read(
    watch: Watch, matchers: str, expected: str
) -> None:
    watch.push(A, B)
    with watch.work() as work:
        found = looking.live(work, "acme", parse(matchers))
    assert sorted(one.sign.labels["node"] for one in found) == list(expected)


def test_who_may_not_push_pushes_nothing(watch: Watch) -> None:
    with watch.work(SRE) as work, pytest.raises(MissingPermission):
        pushing.push(work, "acme", [])


def test_what_was_like_it_is_shown_with_how_it_ended(watch: Watch) -> None:
    for _ in range(2):
        watch.push(A, B)
        watch.now += MINUTE
        watch.push(A, B, ends_in=timedelta())
    watch.push(A)
    [one] = watch.live()
    with watch.work() as work:
        similar = looking.account(work, one.id).similar
    assert [a.sign.labels["node"] for a in similar] == ["a", "a", "b", "b"]


@pytest.mark.parametrize(
    ("labels", "annotations", "why"),
    [
        ({}, {}, "at least one label"),
        ({"a": "b"}, {"bad name": "x"}, "invalid annotations"),
        ({"a": "\0"}, {}, "without NUL"),
        ({f"l{n}": "x" for n in range(65)}, {}, "more than 64"),
        ({"a": "x" * 9000}, {}, "more than 8192"),
        ({"x" * 300: "a"}, {}, "more than 256"),
        ({"a": "b"}, {"c": "x" * 40_000}, "more than 32768"),
    ],
)
def test_label_bombs_are_refused(
    labels: dict[str, str], annotations: dict[str, str], why: str
) -> None:
    assert why in fault(labels, annotations)


def test_an_end_before_the_beginning_is_refused() -> None:
    one = Push(labels=A, annotations={}, starts_at=NOON, ends_at=NOON - MINUTE, guessed=False)
    assert wrong(one) == "start time must be before end time"


instants = st.integers(-600, 600).map(lambda s: NOON + timedelta(seconds=s))
spans = st.builds(Span, starts_at=instants, ends_at=instants, guessed=st.booleans())


@given(spans, spans)
def test_an_alert_never_begins_later_and_ends_when_it_is_told_to(old: Span, new: Span) -> None:
    found = merged(old, new, NOON)
    assert found.starts_at == min(old.starts_at, new.starts_at)
    assert found.ends_at is not None
    assert new.ends_at is not None
    assert (found.ends_at <= NOON) is (new.ends_at <= NOON)  # the last word holds
    assert found.ends_at >= new.ends_at
