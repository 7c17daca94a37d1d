"""Questions: each filter, pages, proofs, redaction, search; and never another tenant's record."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.db import writing
from quarterdeck.kernel.errors import Forbidden, NotFound
from quarterdeck.kernel.work import Actor
from quarterdeck.trail.keys.note import text_of
from quarterdeck.trail.log.model import Head
from quarterdeck.trail.log.record import Class, Correlation, Outcome, Party, Record
from quarterdeck.trail.projections.model import seen
from quarterdeck.trail.proof import multi
from quarterdeck.trail.query import service
from quarterdeck.trail.query.model import (
    Answer,
    Filter,
    Question,
    QuestionInvalid,
    SearchUnavailable,
    Spot,
    fits,
)
from quarterdeck.trail.query.problems import query_health
from trail.installation import NOON, Installation
from trail.logs import AUDITOR, MINUTE, Logs, classified, correlated, record, several

OTTO = Actor("otto", frozenset({("trail:read", "zeta")}))


@pytest.fixture
def logs(installation: Installation) -> Iterator[Logs]:
    found = Logs(installation)
    yield found
    found.close()


def ask(logs: Logs, question: Question, by: Actor = AUDITOR) -> Answer:
    with logs.installation.reading(by) as work:
        return service.events(work, logs.explorer, question)


def test_each_filter_finds_what_it_says(logs: Logs) -> None:
    logs.append(
        record(0, outcome=Outcome.DENIED),
        record(1, action="orders:cancel", outcome=Outcome.FAILURE),
        record(2, resource=Party("invoice", "i1")),
        correlated(3, "trace-1"),
        classified(4, name=Class.PERSONAL),
        record(5, actor=Party("user", "ada")),
    )
    logs.project()
    assert logs.ask(outcome="denied") == [0]
    assert logs.ask(outcome="failure") == [1]
    assert logs.ask(outcome="success") == [5, 4, 3, 2]
    assert logs.ask(action="orders:cancel") == [1]
    assert logs.ask(type="invoice") == [2]
    assert logs.ask(resource="i1") == [2]
    assert logs.ask(correlation="trace-1") == logs.ask(correlation="q3") == [3]
    assert logs.ask(cls="secret.pi") == [4]
    assert logs.ask(actor="ada") == [5]
    at = micros(NOON + 2 * MINUTE)
    assert logs.ask(since=at, until=micros(NOON + 4 * MINUTE)) == [3, 2]
    assert logs.ask(action="orders:create", outcome="success", actor="ada") == [5]
    assert logs.ask(action="orders:cancel", outcome="success") == []


def test_a_late_record_stands_where_it_occurred(logs: Logs) -> None:
    logs.append(record(5), record(6), record(7, occurred_at=micros(NOON)))
    logs.project()
    assert logs.ask() == [1, 0, 2]


def test_pages_follow_each_other_without_gap_or_repeat_while_records_come(logs: Logs) -> None:
    logs.append(*several(range(10)))
    logs.project()
    found: list[int] = []
    before: Spot | None = None
    while True:
        answer = ask(logs, Question(tenant="acme", before=before, limit=3))
        found += [spot.index for spot, _ in answer.records]
        logs.append(record(20 + len(found)))
        logs.project()
        if answer.last is None:
            break
        before = answer.last
    assert found == list(range(9, -1, -1))


def test_a_page_bears_one_proof_for_all_of_its_records(logs: Logs) -> None:
    logs.append(*several(range(300)))
    logs.sign()
    logs.append(record(300))
    logs.project()
    answer = ask(logs, Question(tenant="acme", wanted=Filter(actor="u0"), limit=20, proof=True))
    proof = answer.proof
    assert proof is not None
    assert [view.proven for _, view in answer.records] == [False] + [True] * 19
    assert proof.indices == tuple(sorted(spot.index for spot, _ in answer.records)[:-1])
    leaves = {v.index: v.leaf_hash for _, v in answer.records if v.proven}
    head = Head.parse(text_of(proof.checkpoint.note))
    multi.verify(leaves, head.size, proof.hashes, head.root)
    assert ask(logs, Question(tenant="acme", limit=1, proof=True)).proof is None


def test_a_question_that_cannot_be_is_refused(logs: Logs) -> None:
    wrong: list[dict[str, Any]]
    wrong = [{"outcome": "maybe"}, {"cls": "top"}, {"actor": "x" * 401}, {"words": "a\0"}]
    for said in wrong:
        with pytest.raises(QuestionInvalid):
            Filter(**said)
    with pytest.raises(QuestionInvalid):
        Filter(since=2, until=1)
    with pytest.raises(QuestionInvalid):
        Question(tenant="acme", limit=0)
    with pytest.raises(NotFound):
        logs.ask(by=OTTO)
    with pytest.raises(Forbidden):
        logs.ask(by=Actor("nora", frozenset({("resources:read", "acme")})))


def test_clear_fields_are_shown_by_their_class(logs: Logs) -> None:
    payload = json.dumps({"open": 1, "inner": {"a": 2}, "list": [3, 4]})
    classes = {
        "/payload/open": Class.PUBLIC,
        "/payload/inner/a": Class.INTERNAL,
        "/payload/list/1": Class.RESTRICTED,
        "/payload/gone": Class.PERSONAL,
    }
    logs.append(record(0, payload=payload, classification=classes))
    logs.project()
    ((_, view),) = ask(logs, Question(tenant="acme")).records
    assert view.payload == {"open": 1, "inner": {}, "list": [3, None]}
    assert json.loads(view.record["payload"]) == view.payload
    assert view.hidden == {
        "/payload/inner/a": "internal",
        "/payload/list/1": "restricted",
        "/payload/gone": "secret.pi",
    }


def test_records_are_found_by_their_words_and_by_nothing_that_is_committed(logs: Logs) -> None:
    logs.append(
        record(0, payload=json.dumps({"note": "the quick fox", "amount": 17})),
        record(1, payload=json.dumps({"note": 'quick "brown" OR bear'})),
        record(2, payload=None),
        record(0, tenant="zeta", payload=json.dumps({"note": "quick"})),
    )
    logs.project()
    assert logs.ask(words="quick") == [1, 0]
    assert logs.ask(words="fox quick") == [0]
    assert logs.ask(words="17") == [0]
    assert logs.ask(words='"brown" OR') == [1]
    assert logs.ask(words="fox OR bear") == []
    assert logs.ask(words="quick", actor="u0") == [0]
    assert logs.ask(words="quick", tenant="zeta") == [0]
    assert logs.ask(words="quick", limit=1) == [1]
    first = ask(logs, Question(tenant="acme", wanted=Filter(words="quick"), limit=1))
    after = Question(tenant="acme", wanted=Filter(words="quick"), limit=1, before=first.last)
    assert [spot.index for spot, _ in ask(logs, after).records] == [0]


@pytest.mark.census("ATP-235")
def test_without_search_everything_else_is_answered(logs: Logs) -> None:
    logs.append(*several(range(3)))
    logs.project()
    with writing(logs.read) as db:
        db.execute(text("ALTER TABLE read_text RENAME TO read_text_gone"))
    try:
        with pytest.raises(SearchUnavailable, match="rebuild search"):
            logs.ask(words="box")
        assert logs.ask(actor="u1") == [1]
    finally:
        with writing(logs.read) as db:
            db.execute(text("ALTER TABLE read_text_gone RENAME TO read_text"))
    off = Logs(logs.installation, search=False)
    with pytest.raises(SearchUnavailable, match="search = true"):
        off.ask(words="box")
    off.close()


@pytest.mark.census("ATP-232", "ATP-379")
def test_questions_are_timed_by_their_shape_with_a_plan(logs: Logs) -> None:
    logs.append(*several(range(5)))
    logs.project()
    logs.ask(actor="u1")
    logs.ask(actor="u2")
    logs.ask(outcome="denied", action="orders:create")
    with logs.installation.reading(AUDITOR) as work:
        found = {one.shape: one for one in service.timings(work, logs.explorer)}
    assert (found["actor"].count, found["action, outcome"].count) == (2, 1)
    assert found["actor"].slowest_ms > 0
    assert any("read_actor" in line for line in found["actor"].plan)
    with pytest.raises(Forbidden), logs.installation.reading(OTTO) as work:
        service.timings(work, logs.explorer)


@pytest.mark.census("ATP-232")
def test_questions_that_stay_slow_are_a_problem(logs: Logs) -> None:
    logs.append(*several(range(3)))
    logs.project()
    logs.explorer.watch.slow_ms = 0.0
    for number in range(5):
        assert query_health(logs.explorer).status == "healthy"
        logs.ask(actor=f"u{number}")
    health = query_health(logs.explorer)
    assert (health.status, "SlowQueryPerformance" in health.description) == ("degraded", True)


def test_an_answer_is_kept_until_the_read_model_moves(logs: Logs) -> None:
    logs.append(*several(range(3)))
    logs.project()
    assert logs.ask() == logs.ask() == [2, 1, 0]
    assert logs.explorer.cache.stats.hits == 1
    logs.append(record(3))
    logs.project()
    assert logs.ask() == [3, 2, 1, 0]


def test_the_leaves_of_things_are_found_however_old(logs: Logs) -> None:
    logs.append(record(0, resource=Party("sync", "run-1"), action="sync:complete"))
    logs.append(*several(range(1, 700)))
    logs.sign()
    logs.append(record(700, resource=Party("sync", "run-1"), action="sync:look"))
    logs.append(record(701, resource=Party("sync", "run-2"), action="sync:complete"))
    logs.project()
    with logs.installation.reading(AUDITOR) as work:
        things = ["run-1", "run-2", "run-3"]
        found = service.leaves_of(work, logs.explorer, "acme", things, ["sync:complete"])
        assert found == {"run-1": (0, True), "run-2": (701, False)}
        assert service.leaves_of(work, logs.explorer, "acme", ["run-1"]) == {"run-1": (700, False)}
        answer = service.history(work, logs.explorer, "acme", "sync", "run-1")
        assert [spot.index for spot, _ in answer.records] == [700, 0]
        assert service.leaves_of(work, logs.explorer, "acme", []) == {}


WORDS = st.sampled_from(["a", "b", "c"])
RECORDS = st.lists(
    st.fixed_dictionaries(
        {
            "tenant": st.sampled_from(["acme", "zeta", "acme2"]),
            "actor": WORDS,
            "action": WORDS,
            "resource": WORDS,
            "type": WORDS,
            "outcome": st.sampled_from(list(Outcome)),
            "cls": st.sampled_from(list(Class)),
            "trace": st.none() | WORDS,
            "at": st.integers(0, 5),
        }
    ),
    min_size=1,
    max_size=25,
)
WANTED = st.fixed_dictionaries(
    {},
    optional={
        "actor": WORDS,
        "action": WORDS,
        "resource": WORDS,
        "type": WORDS,
        "outcome": st.sampled_from([str(one) for one in Outcome]),
        "cls": st.sampled_from([str(one) for one in Class]),
        "correlation": WORDS,
        "since": st.integers(0, 3),
        "until": st.integers(3, 6),
    },
)


def drawn(number: int, said: dict[str, Any]) -> Record:
    return record(
        number,
        tenant=said["tenant"],
        actor=Party("user", said["actor"]),
        action=said["action"],
        resource=Party(said["type"], said["resource"]),
        outcome=said["outcome"],
        classification={"/payload/x": said["cls"]},
        correlation=Correlation(trace=said["trace"]),
        occurred_at=said["at"],
    )


@pytest.mark.census("ATP-506")
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(told=RECORDS, wanted=WANTED, limit=st.integers(1, 30))
def test_a_tenant_is_answered_all_of_its_own_records_that_fit_and_none_of_anothers(
    installation: Installation, told: list[dict[str, Any]], wanted: dict[str, Any], limit: int
) -> None:
    logs = Logs(installation)
    begun = dict(installation.reader.sizes())
    records = [drawn(number, said) for number, said in enumerate(told)]
    fresh = len(begun) and sum(begun.values())
    logs.append(*(record_again(one, fresh + n) for n, one in enumerate(records)))
    logs.project()
    for tenant in ("acme", "zeta", "acme2"):
        alone = Actor("one", frozenset({("trail:read", tenant)}))
        every = every_fitting(logs, tenant, Filter(**wanted))
        if not installation.reader.size(tenant):
            continue
        question = Question(tenant=tenant, wanted=Filter(**wanted), limit=limit)
        answer = ask(logs, question, by=alone)
        assert [spot.index for spot, _ in answer.records] == every[:limit]
        assert {view.record["tenant"] for _, view in answer.records} <= {tenant}
        for other in {"acme", "zeta", "acme2"} - {tenant}:
            with pytest.raises(NotFound):
                ask(logs, Question(tenant=other, wanted=Filter(**wanted)), by=alone)
    logs.close()


def record_again(one: Record, number: int) -> Record:
    """The same, under an id and a key that no other has."""
    fields = {name: getattr(one, name) for name in Record.__dataclass_fields__}
    del fields["id"], fields["source_seq"], fields["idempotency"]
    return record(number, **fields)


def every_fitting(logs: Logs, tenant: str, wanted: Filter) -> list[int]:
    """What a reader of the whole log would find."""
    leaves = logs.installation.reader.read(tenant, 0, 100_000)
    found = [seen(leaf.index, leaf.entry) for leaf in leaves]
    fitting = [Spot(one.at, one.index) for one in found if fits(wanted, one)]
    return [spot.index for spot in sorted(fitting, reverse=True)]
