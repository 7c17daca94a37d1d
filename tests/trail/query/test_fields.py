"""Finding records by the exact value of what they commit to."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert

from quarterdeck.access.epoch import service as epoch
from quarterdeck.kernel import outbox
from quarterdeck.kernel.db import reading, writing
from quarterdeck.kernel.work import Actor, MissingPermission, TenantNotFound, begin
from quarterdeck.trail.keys import service as data_keys
from quarterdeck.trail.projections.tables import fields
from quarterdeck.trail.query.explorer import open_explorer
from quarterdeck.trail.query.model import (
    FieldsUnavailable,
    Question,
    QuestionInvalid,
    field_of,
)
from quarterdeck.trail.query.service import events, timings
from trail.committing import CARD, EMAIL, SEARCHER, answered, commit, draft, found, rows
from trail.installation import READER, Installation
from trail.logs import Logs, record

ADA, BOB = (EMAIL, "ada@example.com"), (EMAIL, "bob@example.com")


@pytest.fixture
def logs(installation: Installation) -> Iterator[Logs]:
    opened = Logs(installation)
    yield opened
    opened.close()


def filled(logs: Logs) -> None:
    """Of acme: records of ada, of bob and his card, one of nobody; of zeta: one of ada."""
    commit(logs, draft(0, {EMAIL: "ada@example.com"}))
    commit(logs, draft(1, {EMAIL: "bob@example.com", CARD: "42"}, subject="user:bob"))
    commit(logs, draft(2, {EMAIL: "ada@example.com", CARD: 42}))
    logs.append(record(3, payload='{"email":"ada@example.com"}'))
    commit(logs, draft(0, {EMAIL: "ada@example.com"}, "zeta"))
    logs.sign()
    logs.project()


def test_a_record_is_found_by_exactly_what_it_commits_to(logs: Logs) -> None:
    filled(logs)
    assert found(logs, ADA) == [2, 0]
    assert found(logs, BOB) == [1]
    for value in ("Ada@example.com", "ada@example.co", " ada@example.com", "", "ada"):
        assert found(logs, (EMAIL, value)) == []
    assert found(logs, (CARD, "ada@example.com")) == []
    assert found(logs, (CARD, "42")) == [2, 1]
    assert found(logs, (CARD, "42.0")) == []


def test_fields_hold_together_with_each_other_and_with_every_filter(logs: Logs) -> None:
    filled(logs)
    assert found(logs, ADA, (CARD, "42")) == [2]
    assert found(logs, ADA, BOB) == []
    assert found(logs, ADA, actor="u0") == [0]
    assert found(logs, ADA, cls="secret.pi", outcome="success") == [2, 0]
    assert found(logs, ADA, words="box") == [2, 0]
    assert found(logs, BOB, words="box 2") == []


def test_pages_follow_each_other_and_bear_their_proof(logs: Logs) -> None:
    commit(logs, *(draft(number, {EMAIL: "ada@example.com"}) for number in range(7)))
    logs.sign()
    logs.project()
    first = answered(logs, ADA, limit=4)
    second = answered(logs, ADA, limit=4, before=first.last)
    assert [spot.index for spot, _ in (*first.records, *second.records)] == [6, 5, 4, 3, 2, 1, 0]
    assert second.last is None
    asked = Question(tenant="acme", fields=(ADA,), proof=True)
    with begin(logs.engine, SEARCHER, logs.installation.clock) as work:
        proof = events(work, logs.explorer, asked).proof
    assert proof is not None
    assert proof.indices == tuple(range(7))


def test_a_log_that_has_not_begun_has_no_such_record(logs: Logs) -> None:
    assert found(logs, ADA) == []
    assert found(logs, ADA, words="box") == []


def test_what_is_found_stays_hidden(logs: Logs) -> None:
    filled(logs)
    for _, view in answered(logs, ADA).records:
        assert EMAIL in view.hidden
        assert "ada@example.com" not in str(view.payload)


def test_who_finds_by_a_field_needs_the_right_to_read_it_and_is_told_in_the_log(
    logs: Logs,
) -> None:
    filled(logs)
    with pytest.raises(MissingPermission, match="trail:disclose"):
        answered(logs, ADA, by=READER)
    with pytest.raises(TenantNotFound):
        answered(logs, ADA, by=Actor("eve", frozenset({("trail:disclose", "other")})))
    assert told(logs.engine) == []
    answered(logs, ADA, BOB)
    answered(logs, ADA)
    assert [one["records"] for one in told(logs.engine)] == [[], [0, 2]]
    assert all(one["fields"] == [EMAIL] for one in told(logs.engine))
    assert "ada@example.com" not in str(told(logs.engine))


def told(engine: Engine) -> list[dict[str, object]]:
    with reading(engine) as db:
        facts = outbox.after(db, "acme", 0, 99)
    return [dict(fact.payload) for fact in facts if fact.name == "FieldsSearched"]


def test_a_read_model_that_lies_invents_nothing(logs: Logs) -> None:
    filled(logs)
    (true, *_) = rows(logs)
    ada = logs.explorer.fields.token("acme", *ADA)
    with writing(logs.read) as db:
        db.execute(insert(fields).values((true[0], ada, true[2] + 60_000_000, 1, true[4])))
    assert found(logs, ADA) == [2, 0]


def test_once_a_key_is_destroyed_nothing_is_found_by_what_it_sealed(logs: Logs) -> None:
    filled(logs)
    assert found(logs, ADA) == [2, 0]
    with begin(logs.engine, Actor("q", frozenset()), logs.installation.clock) as work:
        epoch.advance(work)
        keys = data_keys.ids_of(work.db, "acme", "user:ada")
        data_keys.destroy(work.db, "acme", keys, "erased")
    assert len(rows(logs)) == 5
    assert found(logs, ADA) == []
    assert found(logs, ADA, tenant="zeta") == [0]


def test_an_answer_is_kept_without_the_value_that_was_asked_for(logs: Logs) -> None:
    filled(logs)
    before = logs.explorer.cache.stats.hits
    assert found(logs, ADA) == found(logs, ADA) == [2, 0]
    assert found(logs, BOB) == [1]
    assert logs.explorer.cache.stats.hits == before + 1
    assert "ada" not in repr(Question(tenant="acme", fields=(ADA,)))


def test_plans_are_told_without_tokens(logs: Logs) -> None:
    filled(logs)
    found(logs, ADA)
    with logs.installation.reading(Actor("m", frozenset({("metrics:read", "*")}))) as work:
        (timing,) = timings(work, logs.explorer)
    assert timing.shape == "fields"
    assert timing.plan
    assert str(logs.explorer.fields.token("acme", *ADA)) not in " ".join(timing.plan)


def test_where_fields_are_not_indexed_every_other_question_is_answered(
    installation: Installation,
) -> None:
    logs = Logs(installation)
    filled(logs)
    logs.explorer = open_explorer(
        logs.engine, installation.folder / "read", logs.explorer.fields, by_field=False
    )
    assert "fields" not in logs.explorer.names
    with pytest.raises(FieldsUnavailable, match="field_search"):
        answered(logs, ADA)
    assert logs.ask() == [3, 2, 1, 0]
    logs.close()


@pytest.mark.parametrize(
    "text", ["email:ada", "/payload/email", "/actor/id:ada", "", ":x", "/payloads/x:1"]
)
def test_a_field_that_cannot_be_asked_for_is_refused(text: str) -> None:
    with pytest.raises(QuestionInvalid, match="PATH:VALUE"):
        field_of(text)


def test_a_value_may_have_colons_and_a_question_an_end() -> None:
    assert field_of("/payload/a%3Ab:x:y") == ("/payload/a:b", "x:y")
    with pytest.raises(QuestionInvalid, match="at most 5 fields"):
        Question(tenant="acme", fields=tuple((EMAIL, str(n)) for n in range(6)))
    with pytest.raises(QuestionInvalid, match="400 characters"):
        Question(tenant="acme", fields=((EMAIL, "x" * 401),))
    with pytest.raises(QuestionInvalid, match="NUL"):
        Question(tenant="acme", fields=((EMAIL, "\0"),))


VALUES = st.one_of(
    st.text('abÄ \\"/%', max_size=3), st.integers(-2, 12), st.booleans(), st.just("true")
)


@given(st.lists(st.tuples(st.sampled_from(["acme", "zeta"]), VALUES), min_size=1, max_size=6))
@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_a_tenant_finds_exactly_its_own_and_its_tokens_match_nobody_elses(
    logs: Logs, said: list[tuple[str, str | int | bool]]
) -> None:
    if not logs.installation.reader.sizes():
        commit(logs, *(draft(0, {EMAIL: "x"}, tenant) for tenant in ("acme", "zeta")))
    sizes = logs.installation.reader.sizes()
    expected: dict[tuple[str, str], list[int]] = {}
    next_ = {tenant: sizes.get(tenant, 0) for tenant in ("acme", "zeta")}
    mark = f"/payload/run{sum(next_.values())}"
    for number, (tenant, value) in enumerate(said):
        commit(logs, draft(sum(sizes.values()) * 100 + number, {mark: value}, tenant))
        written = str(value).lower() if isinstance(value, bool) else str(value)
        expected.setdefault((tenant, written), []).insert(0, next_[tenant])
        next_[tenant] += 1
    logs.project()
    for tenant in {tenant for tenant, _ in said}:
        for value in {value for _, value in expected}:
            assert found(logs, (mark, value), tenant=tenant) == expected.get((tenant, value), [])
    token = logs.explorer.fields.token
    for _, value in expected:
        assert token("acme", mark, value) != token("zeta", mark, value)
