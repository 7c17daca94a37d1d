import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.compliance.said import advice as advised
from governance.compliance.said import secure_score, state
from quarterdeck.governance.compliance.model.check import RESULTS, Finding, Result, judged
from quarterdeck.governance.compliance.model.coverage import (
    Age,
    Coverage,
    Heard,
    Part,
    coverage,
)
from quarterdeck.governance.compliance.model.item import UnreadableItem
from quarterdeck.governance.compliance.model.posture import advice, score
from quarterdeck.governance.compliance.model.state import Known, difference, sighting
from quarterdeck.governance.compliance.model.verdict import Tally, Verdict, verdict_of
from quarterdeck.kernel.ids import ConnectionId, TenantId

HERE = ConnectionId("c")
NOW = datetime(2026, 1, 2, tzinfo=UTC)

TALLIES = st.builds(Tally, **dict.fromkeys(Tally.__slots__, st.integers(0, 10_000)))
WORDS = st.sampled_from(["Compliant", "NonCompliant", "Exempt", "Unknown"])
ITEMS = st.builds(state, st.sampled_from("abc"), st.sampled_from(["p", "q"]), WORDS)


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_an_evaluation_at_the_ends_of_time_is_none(at: str) -> None:
    assert sighting(HERE, state("a", timestamp=at)).evaluated_at is None


@given(TALLIES, TALLIES, TALLIES)
def test_tallies_add_up_in_any_order(a: Tally, b: Tally, c: Tally) -> None:
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)
    assert (a + Tally()) == a
    assert (a + b).total == a.total + b.total


@given(TALLIES)
def test_a_score_is_100_only_where_all_comply_and_none_where_nothing_is_decided(t: Tally) -> None:
    if not t.decided:
        assert t.score_percent is None
    else:
        assert t.score_percent is not None
        assert 0 <= t.score_percent <= 100
        assert (t.score_percent == 100) == (t.non_compliant == 0)


@given(TALLIES)
def test_what_is_not_known_is_never_a_success(t: Tally) -> None:
    if t.not_known or not t.total:
        assert t.verdict in {Verdict.NOT_KNOWN, Verdict.NON_COMPLIANT}
    assert (t.verdict is Verdict.NON_COMPLIANT) == (t.non_compliant > 0)


@pytest.mark.parametrize(
    ("word", "flag", "verdict"),
    [
        ("Compliant", None, "compliant"),
        ("NonCompliant", None, "non_compliant"),
        ("non-compliant", None, "non_compliant"),
        ("Exempt", None, "exempt"),
        ("Protected", None, "not_applicable"),
        ("Conflict", None, "not_known"),
        ("Error", None, "not_known"),
        ("Unknown", False, "not_known"),
        ("SomethingNew", True, "not_known"),
        ("", True, "compliant"),
        ("", False, "non_compliant"),
        ("", None, "not_known"),
    ],
)
def test_each_word_of_the_cloud_has_one_meaning(
    word: str,
    flag: bool | None,  # noqa: FBT001  a value of the table
    verdict: str,
) -> None:
    assert verdict_of(word, flag=flag) == verdict


def landed(known: dict[str, Known], items: list[bytes]) -> dict[str, Known]:
    news = difference(known, [sighting(HERE, item) for item in items])
    return known | {s.id: Known(hash=s.hash, verdict=s.verdict, closed=False) for _, s in news}


@given(st.lists(ITEMS, max_size=8), st.integers(0, 8))
def test_pages_land_as_the_whole_does_and_twice_is_once(items: list[bytes], cut: int) -> None:
    whole = landed({}, items)
    assert landed(landed({}, items[:cut]), items[cut:]) == whole
    last = list({sighting(HERE, item).id: item for item in items}.values())
    assert landed(whole, last) == whole


def test_a_later_evaluation_with_the_same_answer_changes_nothing() -> None:
    first, later = state("a"), state("a", timestamp="2026-02-02T10:00:00Z")
    assert landed(landed({}, [first]), [later]) == landed({}, [first])
    other = state("a", word="NonCompliant")
    assert landed(landed({}, [first]), [other]) != landed({}, [first])


def test_a_state_is_known_by_resource_assignment_policy_and_reference_in_any_case() -> None:
    one = sighting(HERE, state("A"))
    assert one.id == sighting(HERE, state("a")).id
    others = [
        state("b"),
        state("a", "other"),
        state("a", assignment="other"),
        state("a", policyDefinitionReferenceId="twice"),
    ]
    assert len({one.id, *(sighting(HERE, item).id for item in others)}) == 5
    assert one.id != sighting(ConnectionId("d"), state("a")).id


def test_the_group_is_read_out_of_the_id_where_it_is_not_given() -> None:
    found = sighting(HERE, state("a", group="My-RG", resourceGroup=None, resourceType=None))
    assert (found.group, found.resource_type) == ("my-rg", "Microsoft.Web/sites")


@pytest.mark.parametrize(
    "item",
    [b"", b"[]", b"{", b'{"resourceId":"/a"}', b'{"policyDefinitionId":"/p"}', b'"\xff"'],
)
def test_what_is_no_policy_state_is_refused(item: bytes) -> None:
    with pytest.raises(UnreadableItem):
        sighting(HERE, item)


def test_a_secure_score_that_is_not_given_is_not_zero() -> None:
    assert score(secure_score()).percent == 50.0
    assert score(secure_score(0)).percent == 0.0
    assert score(secure_score(None)).percent is None
    assert score(json.dumps({"name": "x"}).encode()).most is None
    with pytest.raises(UnreadableItem):
        score(b"{}")


def test_advice_that_was_only_looked_at_again_is_the_same() -> None:
    first = advice(HERE, advised("1"))
    assert first.hash == advice(HERE, advised("1", lastUpdated="2026-05-05T00:00:00Z")).hash
    assert first.hash != advice(HERE, advised("1", impact="Low")).hash
    assert (first.problem, first.solution) == ("It is open", "Close it")
    with pytest.raises(UnreadableItem):
        advice(HERE, b"{}")


def heard(tenant: str, sub: str, age_h: float | None = 1, failure: str = "") -> Heard:
    return Heard(
        tenant=TenantId(tenant),
        connection=HERE,
        subscription=sub,
        name=sub.title(),
        part=Part.STATES,
        read_at=None if age_h is None else NOW - timedelta(hours=age_h),
        failure=failure,
        missing="Reader" if failure else "",
    )


def test_coverage_counts_who_speaks_of_who_is_there() -> None:
    rows = [heard("a", "1"), heard("a", "2", 3, "403"), heard("b", "3", None)]
    found = coverage([TenantId(t) for t in "abc"], rows)
    assert (found.tenants, found.heard_tenants) == (3, 0)
    assert (found.subscriptions, found.heard, found.percent) == (3, 1, 33.3)
    assert [(s.tenant, s.subscription, s.missing) for s in found.silent] == [
        ("c", "", ""),
        ("a", "2", "Reader"),
        ("b", "3", ""),
    ]
    assert not found.whole


def test_nothing_connected_has_no_coverage_and_no_age() -> None:
    found = coverage([], [])
    assert (found.percent, found.whole, found.state(NOW)) == (None, False, Age.NEVER)


@pytest.mark.census("AG-010")
@pytest.mark.parametrize(
    ("hours", "age"), [(4, "current"), (4.99, "current"), (5, "stale"), (6, "stale")]
)
def test_data_of_5_hours_is_not_current(hours: float, age: str) -> None:
    found = coverage([TenantId("a")], [heard("a", "1", hours), heard("a", "2", 0)])
    assert found.state(NOW) == age


def finding(tally: Tally) -> Finding:
    return Finding(assignment="a", policy="p", tally=tally, result=RESULTS[tally.verdict])


WHOLE = coverage([TenantId("a")], [heard("a", "1")])
PARTLY = coverage([TenantId("a")], [heard("a", "1"), heard("a", "2", 1, "403")])
OLD = coverage([TenantId("a")], [heard("a", "1", 6)])
GOOD, BAD, OPEN = Tally(compliant=2), Tally(non_compliant=1), Tally(not_known=1)


@pytest.mark.parametrize(
    ("tallies", "covered", "result"),
    [
        ([GOOD], WHOLE, "pass"),
        ([GOOD, Tally(exempt=1)], WHOLE, "pass"),
        ([GOOD, BAD], WHOLE, "fail"),
        ([GOOD, BAD, OPEN], PARTLY, "fail"),
        ([GOOD, OPEN], WHOLE, "not_known"),
        ([GOOD], PARTLY, "not_known"),
        ([GOOD], OLD, "not_known"),
        ([], WHOLE, "not_known"),
    ],
)
def test_a_check_passes_only_on_whole_and_current_knowledge(
    tallies: list[Tally], covered: Coverage, result: str
) -> None:
    found, reason = judged([finding(t) for t in tallies], covered, NOW)
    assert found == Result(result)
    assert reason
