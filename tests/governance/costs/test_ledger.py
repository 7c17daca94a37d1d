"""The ledger keeps every observation and counts no cost twice; its sums are of its entries."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, func, select

from governance.costs.ledgers import MARCH, NOON, Ledger, euro, key
from governance.estate import Estate
from quarterdeck.governance.cloud.ports import CostBasis
from quarterdeck.governance.costs.calendar import Span
from quarterdeck.governance.costs.coverage import Tally
from quarterdeck.governance.costs.model import Key, UnknownDimension
from quarterdeck.governance.costs.question import Listing, Question
from quarterdeck.governance.costs.service import ledger, summaries
from quarterdeck.governance.costs.store import tables
from quarterdeck.kernel.errors import Forbidden
from quarterdeck.kernel.money import Money
from quarterdeck.kernel.work import Actor, Tenants

KEYS = st.builds(
    key,
    st.integers(1, 4),
    st.sampled_from(["Storage", "Compute", ""]),
    st.sampled_from(["rg", "web"]),
    st.sampled_from(["EUR", "USD"]),
)
AMOUNTS = st.decimals(-1000, 1000, places=9)
MONTHS = st.dictionaries(KEYS, AMOUNTS, max_size=8)
READINGS = st.lists(MONTHS, min_size=1, max_size=4)
WHOLE = Span(date(2026, 3, 1), date(2026, 3, 31))
PART = Span(date(2026, 3, 2), date(2026, 3, 30))


def money(month: dict[Key, Decimal]) -> dict[Key, Money]:
    return {k: Money(amount, k[0].currency) for k, amount in month.items()}


def expected(month: dict[Key, Money], by: str, span: Span) -> dict[tuple[str, str], Money]:
    found: dict[tuple[str, str], Money] = {}
    for (line, day), amount in month.items():
        if span.first <= day <= span.last:
            words = {"": "", "service": line.label, "group": line.group, "day": day.isoformat()}
            at = (words[by], line.currency)
            found[at] = found[at] + amount if at in found else amount
    return found


def told(
    book: Ledger,
    by: str,
    span: Span,
    **more: Any,  # noqa: ANN401  fields of a question
) -> dict[tuple[str, str], Money]:
    return {(f.key, f.amount.currency): f.amount for f in book.ask(by, span, **more)}


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(readings=READINGS)
def test_whatever_is_read_and_read_again_the_sums_are_those_of_the_last_and_of_each_past_reading(
    book: Ledger, engine: Engine, readings: list[dict[Key, Decimal]]
) -> None:
    with engine.begin() as db:
        for table in (tables.entries, tables.past_entries, tables.rollups, tables.past_rollups):
            db.execute(delete(table))
    moments = []
    for month in readings:
        book.read(money(month))
        moments.append((book.estate.now, money(month)))
    for by in ("", "service", "group", "day"):
        for span in (WHOLE, PART):
            assert told(book, by, span) == expected(moments[-1][1], by, span)
            for at, then in moments:
                assert told(book, by, span, as_of=at) == expected(then, by, span)


def test_a_restated_day_replaces_the_current_view_and_keeps_the_old_one(book: Ledger) -> None:
    book.read({key(1): euro("10")})
    then = book.estate.now
    book.read({key(1): euro("12.5")})
    assert book.sums() == {"": "12.50 EUR"}
    assert book.sums(as_of=then) == {"": "10.00 EUR"}
    assert book.sums(as_of=NOON) == {}


def test_reading_the_same_thirty_times_counts_it_once(book: Ledger, engine: Engine) -> None:
    for _ in range(30):
        book.read({key(1): euro("10")})
    assert book.sums("service") == {"Storage": "10.00 EUR"}
    with engine.connect() as db:
        assert db.scalar(select(func.count()).select_from(tables.past_entries)) == 0


def test_what_a_re_read_has_no_more_is_lost_not_left_alive(book: Ledger) -> None:
    book.read({key(1): euro("10"), key(2): euro("1")})
    run = book.read({key(2): euro("1")})
    assert book.sums("day") == {"2026-03-02": "1.00 EUR"}
    with book.estate.look() as work:
        own = Tenants(frozenset({"acme"}))
        assert ledger.tally(work, own, run) == Tally(added=0, restated=0, lost=1)


def test_nothing_is_lost_by_a_reading_that_was_not_whole(book: Ledger) -> None:
    book.read({key(1): euro("10"), key(2): euro("1")})
    book.read({key(2): euro("2")}, whole=False)
    assert book.sums() == {"": "12.00 EUR"}


def test_bases_and_cuts_of_the_same_money_are_never_added(book: Ledger) -> None:
    book.read({key(1): euro("10")})
    book.read({key(1): euro("7")}, basis=CostBasis.AMORTIZED)
    book.read({key(1, "web", ""): euro("10")}, cut="tag:team")
    assert book.sums() == {"": "10.00 EUR"}
    assert book.sums(basis=CostBasis.AMORTIZED) == {"": "7.00 EUR"}
    assert book.sums("tag:team") == {"web": "10.00 EUR"}


def test_two_connections_that_read_one_subscription_count_it_once(book: Ledger) -> None:
    book.read({key(1): euro("10")})
    book.read({key(1): euro("10")}, scope="s1")
    book.read({key(1): euro("3")}, scope="s2")
    assert book.sums("subscription") == {"s1": "10.00 EUR", "s2": "3.00 EUR"}


def test_currencies_stand_apart(book: Ledger) -> None:
    book.read({key(1): euro("10"), key(2, cur="USD"): euro("1", "USD")})
    assert {f"{f.amount.text} {f.amount.currency}" for f in book.ask()} == {"10.00 EUR", "1.00 USD"}


def test_sums_can_be_narrowed_to_one_value_and_parted_by_another(book: Ledger) -> None:
    book.read(
        {key(1): euro("10"), key(1, "Compute", "web"): euro("2"), key(2, "Compute"): euro("3")}
    )
    assert book.sums("group", narrowed={"service": "Compute"}) == {
        "rg": "3.00 EUR",
        "web": "2.00 EUR",
    }
    assert book.sums("day", narrowed={"service": "Compute"}) == {
        "2026-03-01": "2.00 EUR",
        "2026-03-02": "3.00 EUR",
    }
    assert book.sums("month", narrowed={"service": "Compute", "group": "rg"}) == {
        "2026-03": "3.00 EUR"
    }


def test_a_daily_series_has_no_day_that_nothing_is_known_of(book: Ledger) -> None:
    book.read({key(1): euro("10"), key(3): euro("0")})
    found = book.ask("service", daily=True)
    assert [(f.day, f.key, f.amount.text) for f in found] == [
        (date(2026, 3, 1), "Storage", "10.00"),
        (date(2026, 3, 3), "Storage", "0.00"),
    ]


def test_a_tag_cannot_be_parted_by_what_is_read_apart_from_it() -> None:
    with pytest.raises(UnknownDimension):
        Question(span=MARCH, by="service", narrowed={"tag:team": "a"})
    with pytest.raises(UnknownDimension):
        Question(span=MARCH, by="colour")


def test_entries_are_listed_page_by_page_with_when_they_were_observed(book: Ledger) -> None:
    book.read({key(day, label): euro("1") for day in (1, 2) for label in ("a", "b")})
    then = book.estate.now
    book.read({key(1, "a"): euro("2")})
    pages, after = [], None
    with book.estate.look() as work:
        while found := summaries.page(work, Listing(span=MARCH, as_of=then), None, after, 3):
            pages.append(found)
            after = found[-1].spot
        [now] = summaries.page(work, Listing(span=MARCH), None, None, 9)
    assert [len(p) for p in pages] == [3, 1]
    assert {e.observed_at for p in pages for e in p} == {then}
    assert (now.amount, now.observed_at) == (euro("2"), book.estate.now)


def test_another_tenants_costs_are_not_seen(book: Ledger) -> None:
    book.read({key(1): euro("10")})
    book.read({key(1): euro("5")}, tenant="other")
    assert book.sums("tenant") == {"acme": "10.00 EUR", "other": "5.00 EUR"}
    eve = Actor("eve", frozenset({("costs:read", "other")}))
    nobody = Actor("nobody", frozenset())
    with book.estate.look(eve) as work:
        found = summaries.page(work, Listing(span=MARCH), None, None, 9)
    assert [e.tenant for e in found] == ["other"]
    with book.estate.look(nobody) as work, pytest.raises(Forbidden):
        summaries.page(work, Listing(span=MARCH), None, None, 9)


def test_a_portion_that_is_written_again_after_a_crash_changes_nothing(
    book: Ledger, march: Estate
) -> None:
    book.read({key(1): euro("10")})
    march.pass_time(hours=-1)  # the same run again, as of the same moment
    book.read({key(1): euro("10")})
    assert book.sums() == {"": "10.00 EUR"}
    assert book.sums(as_of=book.estate.now) == {"": "10.00 EUR"}
