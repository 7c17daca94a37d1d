"""Dead letters looked at, put in quarantine, and delivered once more."""

from datetime import timedelta

import pytest

from quarterdeck.kernel import deliveries
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.deliveries import MAX_TRIES, Subscriber
from quarterdeck.kernel.errors import Forbidden
from quarterdeck.kernel.work import Actor, Work, read
from quarterdeck.trail.deliveries.message import Kind, Wanted
from quarterdeck.trail.deliveries.model import Batch, Limits, Reason, State
from quarterdeck.trail.deliveries.ports import Topic
from quarterdeck.trail.deliveries.replay import BadFilter, Order, Rehearsal, ReplayRefused, Report
from quarterdeck.trail.deliveries.service import replaying, triage
from quarterdeck.trail.deliveries.service.facts import FactLetters
from quarterdeck.trail.deliveries.service.replaying import ReplayNotFound
from quarterdeck.trail.deliveries.service.triage import DeadLetterNotFound, Quarantined
from quarterdeck.trail.deliveries.service.trying import Here
from quarterdeck.trail.deliveries.trials import Trial
from trail.deliveries.line import NAME, OF_ACME, OPERATOR, Line, Rows
from trail.installation import Installation

ONE_TRY = Limits(deliveries=1)
ALL = "reason=DeliveryCountExceeded"


def failing(installation: Installation, topic: Topic, count: int) -> Line:
    """A line whose consumer failed at ``count`` records of acme, and is mended since."""

    def refuse(_batch: Batch) -> None:
        raise ValueError("a bug")

    rows = Rows(refuse=refuse)
    line = Line(installation, rows, topic, limits=ONE_TRY)
    line.append(count)
    line.turn()
    assert len(line.dead()) == count
    rows.refuse = lambda _batch: None
    installation.later(timedelta(minutes=1))
    return line


def got(line: Line) -> list[int]:
    assert isinstance(line.apply, Rows)
    return sorted(line.apply.indices())


def replay(line: Line, actor: Actor = OPERATOR, **order: object) -> Report:
    asked = Order(**{"consumer": NAME, "confirm": True} | order)  # type: ignore[arg-type]
    found = str(line.do(lambda work: replaying.begin_replay(work, asked), actor))
    line.turn()
    return report(line, found, actor)


def report(line: Line, found: str, actor: Actor = OPERATOR) -> Report:
    with read(line.engine, actor, line.installation.clock) as work:
        return replaying.report(work, line.reader, found)


@pytest.mark.census("ATP-279", "ATP-280", "ATP-267", "ATP-281")
def test_a_small_batch_is_replayed_and_then_the_rest(
    installation: Installation, topic: Topic
) -> None:
    line = failing(installation, topic, 30)
    first = replay(line, filter=ALL, max_count=10)
    assert (first.chosen, first.succeeded, first.failed, first.pending) == (10, 10, 0, 0)
    assert (first.new, first.lag, first.standing) == (0, 0, "active")
    assert (len(got(line)), len(line.dead())) == (10, 20)
    rest = replay(line, filter=ALL, max_count=1000)
    assert (rest.chosen, rest.succeeded, line.dead()) == (20, 20, [])
    assert got(line) == list(range(30))


@pytest.mark.census("ATP-279")
@pytest.mark.parametrize("said", [False, True])
def test_a_replay_needs_a_dry_run_or_a_confirmation(*, said: bool) -> None:
    with pytest.raises(ReplayRefused, match=r"--dry-run.*--confirm"):
        Order(consumer=NAME, filter=ALL, max_count=10, dry_run=said, confirm=said).check()


@pytest.mark.census("ATP-267", "ATP-281")
def test_what_fails_again_is_a_dead_letter_again_and_reported(
    installation: Installation, topic: Topic
) -> None:
    line = failing(installation, topic, 3)
    bad = line.record(1)

    def refuse(batch: Batch) -> None:
        if batch.first == 1:
            raise ValueError("still a bug")

    assert isinstance(line.apply, Rows)
    line.apply.refuse = refuse
    found = replay(line, filter=ALL, max_count=10)
    assert (found.succeeded, found.failed, found.pending, found.new) == (2, 1, 0, 1)
    (letter,) = line.dead()
    assert (letter.id, letter.deliveries) == (bad, 2)
    assert "still a bug" in letter.failure.error


@pytest.mark.census("ATP-286")
def test_a_replay_keeps_to_its_tenant_and_its_time(
    installation: Installation, topic: Topic
) -> None:
    line = failing(installation, topic, 2)
    installation.later(timedelta(hours=1))
    assert isinstance(line.apply, Rows)
    line.apply.refuse = lambda _batch: (_ for _ in ()).throw(ValueError("again"))
    line.append(1)
    line.append(1, "zeta")
    line.turn()
    line.apply.refuse = lambda _batch: None
    since = (installation.now - timedelta(minutes=5)).isoformat()
    found = replay(line, filter=f"tenant=acme from={since}", max_count=100)
    assert (found.chosen, line.apply.got) == (1, [("acme", 2)])
    found = replay(line, filter=f"tenant=acme to={since}", max_count=100)
    assert (found.chosen, {one.log for one in line.dead()}) == (2, {"zeta"})
    with pytest.raises(DeadLetterNotFound):
        replay(line, OF_ACME, filter=ALL, max_count=100)


@pytest.mark.census("ATP-278", "ATP-287")
def test_a_dry_run_says_what_would_come_of_it_and_changes_nothing(
    installation: Installation,
    topic: Topic,
) -> None:
    line = failing(installation, topic, 3)
    before = (line.dead(), line.looks())
    here = Here(line.engine, installation.clock, [line.consumer])
    order = Order(consumer=NAME, filter=ALL, max_count=2, dry_run=True)
    found = line.do(lambda work: replaying.rehearse(work, line.reader, order, Undoing(here)))
    assert isinstance(found, Rehearsal)
    assert (found.matching, found.chosen) == (3, 2)
    assert [one.applied for one in found.trials.values()] == [True, True]
    line.turn()
    assert (line.dead(), line.looks()) == before


class Undoing:
    """An environment whose answer is as told; what it was asked is kept."""

    def __init__(self, _like: Here) -> None:
        self.asked: list[Batch] = []

    def trial(self, _consumer: str, batch: Batch) -> Trial:
        self.asked.append(batch)
        return Trial(applied=True)


@pytest.mark.census("ATP-278", "ATP-287")
def test_a_trial_is_undone_and_names_the_reason_of_a_failure(
    installation: Installation, topic: Topic
) -> None:
    written: list[str] = []

    def apply(work: Work, _batch: Batch) -> None:
        deliveries.received_at_last(work.db, "nobody", "nothing")
        work.db.exec_driver_sql("INSERT INTO trail_consumer VALUES ('trace','q',0,'','',0)")
        written.append("once")
        if len(written) > 1:
            raise Forbidden("no")

    line = Line(installation, apply, topic)
    here = Here(line.engine, installation.clock, [line.consumer])
    batch = Batch(log="acme", first=0, entries=(b"{}",), again=True)
    assert here.trial(NAME, batch) == Trial(applied=True)
    found = here.trial(NAME, batch)
    assert (found.applied, found.reason) == (False, Reason.UNAUTHORIZED)
    assert here.trial("nobody", batch).applied is None
    with read(line.engine, OPERATOR, installation.clock) as work:
        assert not work.db.exec_driver_sql("SELECT 1 FROM trail_consumer WHERE name='trace'").all()


@pytest.mark.census("ATP-266")
def test_what_is_in_quarantine_is_never_replayed_and_bears_its_reason(
    installation: Installation,
    topic: Topic,
) -> None:
    line = failing(installation, topic, 3)
    bad = line.record(1)
    line.do(lambda work: triage.quarantine(work, NAME, bad, "forged by a stranger"))
    with pytest.raises(DeadLetterNotFound, match="quarantine"):
        replay(line, message=bad)
    assert replay(line, filter=ALL, max_count=10).chosen == 2
    assert (got(line), line.dead()) == ([0, 2], [])
    with read(line.engine, OPERATOR, installation.clock) as work:
        (kept,) = triage.peek(work, Wanted(consumer=NAME, quarantined=True))
        assert (kept.note, kept.kind, kept.noted_by) == (
            "forged by a stranger",
            Kind.MALICIOUS,
            "olga",
        )
    with pytest.raises(Quarantined):
        line.do(lambda work: triage.classify(work, NAME, bad, Kind.LOGIC))


@pytest.mark.census("ATP-264", "ATP-265")
def test_a_person_may_class_a_message_and_replay_by_class(
    installation: Installation, topic: Topic
) -> None:
    line = failing(installation, topic, 2)
    one = line.record(0)
    line.do(lambda work: triage.classify(work, NAME, one, Kind.TRANSIENT))
    assert replay(line, filter="class=transient", max_count=5).succeeded == 1
    assert got(line) == [0]


@pytest.mark.census("ATP-268", "ATP-269")
def test_to_peek_changes_nothing_and_to_receive_locks_until_the_lock_ends(
    installation: Installation,
    topic: Topic,
) -> None:
    line = failing(installation, topic, 2)
    assert line.dead() == line.dead()
    lock = timedelta(seconds=30)
    first = line.do(lambda work: triage.receive(work, NAME, 1, lock))
    assert isinstance(first, list)
    (held,) = first
    assert held.lock
    others = line.do(lambda work: triage.receive(work, NAME, 10, lock))
    assert isinstance(others, list)
    assert (len(others), others[0].id != held.id) == (1, True)
    with pytest.raises(DeadLetterNotFound, match="received it"):
        replay(line, message=held.id)
    assert len(line.dead()) == 2
    installation.later(lock)
    back = line.do(lambda work: triage.receive(work, NAME, 10, lock))
    assert isinstance(back, list)
    assert len(back) == 2


def test_another_tenants_dead_letter_is_not_there(installation: Installation, topic: Topic) -> None:
    line = failing(installation, topic, 1)
    other = Actor("otto", frozenset({("deadletters:read", "zeta"), ("deadletters:triage", "zeta")}))
    for act in (
        lambda work: triage.inspect(work, line.reader, NAME, line.record(0)),
        lambda work: triage.quarantine(work, NAME, line.record(0), "why"),
    ):
        with pytest.raises(DeadLetterNotFound):
            line.do(act, other)
    found = replay(line, message=line.record(0))
    with pytest.raises(ReplayNotFound):
        report(line, found.id, other)


@pytest.mark.census("ATP-271")
def test_a_dead_letter_shows_its_body_and_what_was_thrown(
    installation: Installation, topic: Topic
) -> None:
    line = failing(installation, topic, 1)
    with read(line.engine, OPERATOR, installation.clock) as work:
        found = triage.inspect(work, line.reader, NAME, line.record(0))
    assert found.body is not None
    assert line.record(0) in found.body
    assert "ValueError: a bug" in found.message.failure.error
    blind = Actor("b", frozenset({("deadletters:read", "acme")}))
    with read(line.engine, blind, installation.clock) as work:
        assert triage.inspect(work, line.reader, NAME, line.record(0)).body is None


@pytest.mark.census("ATP-284")
def test_a_fact_that_left_no_leaf_is_a_dead_letter_and_replays(
    installation: Installation, topic: Topic
) -> None:
    line = Line(installation, Rows(), topic)
    installation.name_somebody("Ada Lovelace")
    heard: list[str] = []
    broken = Subscriber(name="trail", take=lambda _now, _facts: _raise())
    for _ in range(MAX_TRIES):
        deliveries.failed(line.engine, installation.clock, broken, "acme", 0, "KeyMissing: gone")
    mended = Subscriber(
        name="trail", take=lambda _now, facts: heard.extend(fact.name for fact in facts)
    )
    letters = FactLetters(engine=line.engine, clock=installation.clock, subscribers=[mended])
    letters.beat()
    (letter,) = line.dead(consumer="trail")
    assert (letter.log, letter.state, letter.failure.error) == (
        "acme",
        State.DEAD,
        "KeyMissing: gone",
    )
    with read(line.engine, OPERATOR, installation.clock) as work:
        body = triage.inspect(work, line.reader, "trail", letter.id).body or ""
    assert "PrincipalCreated" in body
    assert "Lovelace" not in body
    order = Order(consumer="trail", message=letter.id, confirm=True)
    found = str(line.do(lambda work: replaying.begin_replay(work, order)))
    letters.beat()
    letters.beat()
    assert heard == ["PrincipalCreated"]
    assert report(line, found).succeeded == 1
    assert line.dead(consumer="trail") == []
    with reading(line.engine) as db:
        assert not deliveries.dead(db)


def test_a_fact_is_replayed_to_who_hears_many_at_once_too(
    installation: Installation, topic: Topic
) -> None:
    line = Line(installation, Rows(), topic)
    installation.name_somebody("Ada Lovelace")
    heard: list[str] = []
    books = Subscriber(
        name="books", receive_all=lambda _, facts: heard.extend(fact.name for fact in facts)
    )
    for _ in range(MAX_TRIES):
        deliveries.failed(line.engine, installation.clock, books, "acme", 0, "ValueError: a bug")
    letters = FactLetters(engine=line.engine, clock=installation.clock, subscribers=[books])
    letters.beat()
    (letter,) = line.dead(consumer="books")
    order = Order(consumer="books", message=letter.id, confirm=True)
    line.do(lambda work: replaying.begin_replay(work, order))
    letters.beat()
    assert heard == ["PrincipalCreated"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("reason=Nonsense", "reason must be one of DeliveryCountExceeded"),
        ("colour=red", "no filter by 'colour'"),
        ("everything", "is no part of a filter"),
        ("from=yesterday", "must be a time"),
        ("to=2026-02-28T12:00:00", "must bear its offset"),
    ],
)
def test_a_filter_that_cannot_be_understood_says_what_can(text: str, words: str) -> None:
    with pytest.raises(BadFilter, match=words):
        _ = Order(consumer=NAME, filter=text, dry_run=True).wanted


def _raise() -> None:
    raise ValueError
