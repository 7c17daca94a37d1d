"""Promises that the clocks of a pack cannot keep."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packs.test_contradictions import MINUTES, lint, only, settled
from packs.written import SEVERITY, item, ladder, stated
from quarterdeck.packs.model import Grade
from quarterdeck.packs.promises import ORDERED, Order

RULE = {"threshold": {"of": "up", "is": "<", "value": 1}, "severity": "P1"}
SOON = SEVERITY | {"respond_min": 5, "policy": "incidents"}


def policy(*levels: dict[str, object]) -> str:
    numbered = [{"name": f"L{n}"} | one for n, one in enumerate(levels, 1)]
    return item("escalation_policy", "acme/incidents", levels=numbered)


@given(order=st.sampled_from(ORDERED), less=MINUTES, more=MINUTES)
def test_what_must_be_shorter_may_not_be_longer(order: Order, less: int, more: int) -> None:
    lines = (f"x | {order.less} | {less}m | L1", f"x | {order.more} | {more}m | L2")
    found = lint(said=stated(*lines))
    assert len(found) == (less > more)
    for one in found:
        assert [place.source for place in one.places] == ["L2", "L1"]
        assert order.else_ in one.what


def test_a_daily_dump_cannot_lose_an_hour_at_most() -> None:
    one = settled("cloudgov")["impossible cloudgov/database/rpo"]
    assert one.grade is Grade.WARNING
    assert [place.source for place in one.places] == ["L100", "L48"]


@pytest.mark.parametrize("kind", ["root-signing-key", "tls-certificate"])
def test_what_is_rotated_yearly_is_overdue_after_ninety_days(kind: str) -> None:
    one = settled("atp")[f"impossible atp/secret {kind}/overdue-at"]
    assert one.places[0].source == "L201"
    assert one.grade is Grade.WARNING  # it is ruled on, and open


def test_what_has_a_limit_of_its_own_is_not_held_against_the_general_one() -> None:
    general = "secret any | overdue-at | 90d | L1"
    own = ("secret key | rotated-every | 365d | L2", "secret key | overdue-at | 400d | L3")
    assert lint(said=stated(general, *own)) == []


def test_an_alert_that_waits_longer_than_its_answer_is_found_with_both_lines() -> None:
    rule = item("alert-rule", "acme/Down", rule=RULE | {"for": "PT10M"})
    one = only(lint(a=ladder(SEVERITY | {"respond_min": 5}), b=rule))
    assert "SEV-1 is answered within 5m (a.yaml:9)" in one.what
    assert "the condition must hold for 10m first (b.yaml:10)" in one.what
    assert one.grade is Grade.WARNING
    quick = item("alert-rule", "acme/Down", rule=RULE | {"for": "PT5M"})
    assert lint(a=ladder(SEVERITY | {"respond_min": 5}), b=quick) == []


def test_an_answer_is_not_promised_before_the_first_is_told() -> None:
    late = policy({"targets": ["phone 1"], "notify_at": {"critical": "15m"}})
    one = only(lint(a=ladder(SOON), b=late))
    assert (
        one.what == "SEV-1 is answered within 5m, and the policy incidents tells L1, its first, "
        "after 15m"
    )
    assert [str(at) for at in one.places] == ["a.yaml:9", "b.yaml:8"]
    other = policy({"targets": ["phone 1"], "notify_at": {"P2": "0"}})
    both = ladder(SOON, {"name": "SEV-2", "title": "High"})
    assert "tells nobody of it" in only(lint(a=both, b=other)).what


@pytest.mark.parametrize(
    ("says", "why"),
    [
        ({"responds_in_min": 60}, "somebody answers within 1h"),
        ({"coverage": "Monday to Friday"}, "it is covered Monday to Friday"),
    ],
)
def test_who_hears_first_must_be_there_and_quick_enough(says: dict[str, object], why: str) -> None:
    way = [{"means": "phone", "address": "1"}]
    spec: dict[str, object] = {"title": "Desk", "section": "on-call", "channels": way}
    desk = item("contact", "acme/desk", **spec, **says)
    first = policy({"targets": ["contact desk"], "notify_at": "0"})
    assert why in only(lint(a=ladder(SOON), b=first, c=desk)).what
    always = item("contact", "acme/desk", **spec, coverage="24/7", responds_in_min=5)
    assert lint(a=ladder(SOON), b=first, c=always) == []


def test_a_promise_of_everything_has_no_budget() -> None:
    one = only(lint(said=stated("slo tamper | objective | 100 | L393")))
    assert "100 percent leaves no budget" in one.what
    assert lint(said=stated("slo durable | objective | 99.999999999 | L389")) == []
    shipped = settled("atp")["impossible _platform/slo tamper-detection/objective"]
    assert [place.source for place in shipped.places] == ["L393", ""]
