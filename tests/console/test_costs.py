"""The page of costs, as a browser without JavaScript gets it; and where its bars stand."""

import html
import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from console.stage import Stage
from governance.costs.ledgers import POLICIES
from governance.costs.test_budgets import budget
from quarterdeck.access.principals.model import installation
from quarterdeck.console.bars import HEIGHT, bars
from quarterdeck.governance.costs.calendar import Span
from quarterdeck.governance.costs.service import files
from quarterdeck.governance.sync.service.requests import request_sync
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.work import begin

HEAD = "BilledCost,BillingCurrency,ChargePeriodStart,ServiceName,SubAccountId,x_ResourceGroupName"
FILE = f"""{HEAD}
1200.5,EUR,2026-02-01T00:00:00Z,Storage,s9,web
30,EUR,2026-02-03T00:00:00Z,<b>Mail,s9,web
9,USD,2026-02-03T00:00:00Z,Storage,s9,db
"""
FEBRUARY = "start=2026-02-01&end=2026-02-28"
MARCH = Span(date(2026, 3, 1), date(2026, 3, 31))
AMOUNTS = st.lists(
    st.tuples(
        st.dates(MARCH.first, MARCH.last),
        st.sampled_from("abcdefgh"),
        st.decimals(-9, 999, places=2),
    ),
    max_size=40,
)


@pytest.fixture
def charged(stage: Stage, client: TestClient) -> None:
    assert client.get("/tenants/acme").status_code == 200
    with begin(stage.engine, installation(), stage.clock) as work:
        files.bring_in(work, TenantId("acme"), FILE.encode())


@pytest.mark.usefixtures("charged")
def test_the_first_line_has_each_currency_and_the_coverage(client: TestClient) -> None:
    text = client.get(f"/costs?{FEBRUARY}").text.replace("\N{NO-BREAK SPACE}", " ")
    first = text[text.index("<h1>") : text.index("</h1>")]
    assert "1,230.50 EUR and 9.00 USD" in first
    assert "of 1 subscription known" in first or "subscriptions known" in first
    assert ", read" in first
    assert "<b>Mail" not in text


@pytest.mark.usefixtures("charged")
def test_a_service_leads_to_its_groups_and_a_currency_to_its_own_numbers(
    client: TestClient,
) -> None:
    text = client.get(f"/costs?{FEBRUARY}").text
    assert "service=Storage" in text
    assert "currency=USD" in text
    narrowed = client.get(f"/costs?{FEBRUARY}&service=Storage&by=group&currency=USD").text
    assert "9.00" in narrowed
    assert 'group=db"' in narrowed


@pytest.mark.usefixtures("charged")
def test_days_that_nothing_is_known_of_are_drawn_as_gaps(client: TestClient) -> None:
    text = client.get(f"/costs?{FEBRUARY}&currency=EUR").text
    assert text.count('class="gap"') == 26


def test_where_nothing_was_read_it_says_so_and_never_zero(client: TestClient) -> None:
    text = client.get("/costs").text
    assert "Costs are not known" in text
    assert "0.00" not in text


def test_days_that_cannot_be_read_are_a_problem_on_a_page(client: TestClient) -> None:
    page = {"Accept": "text/html"}
    assert client.get("/costs?start=soon", headers=page).status_code == 422
    assert client.get("/costs?start=2026-02-02&end=2026-02-01", headers=page).status_code == 422


@given(AMOUNTS)
def test_bars_stay_in_the_drawing_and_gaps_are_the_days_without(
    amounts: list[tuple[date, str, Decimal]],
) -> None:
    drawn = bars(MARCH, amounts)
    assert all(one.y >= 0 and one.y + one.height <= HEIGHT for one in drawn.pieces)
    every = {MARCH.first + timedelta(days=n) for n in range(MARCH.days)}
    assert len(drawn.gaps) == len(every - {day for day, _, _ in amounts})


@given(AMOUNTS)
def test_each_day_says_its_sum_and_its_parts_or_that_nothing_is_known(
    amounts: list[tuple[date, str, Decimal]],
) -> None:
    drawn = bars(MARCH, amounts)
    assert [one.day for one in drawn.days] == [
        MARCH.first + timedelta(days=n) for n in range(MARCH.days)
    ]
    for one in drawn.days:
        mine = [amount for day, _, amount in amounts if day == one.day]
        wanted = f"{sum(mine):,.2f} = " if mine else "nothing is known"
        assert one.words.startswith(f"{one.day}: {wanted}")


@pytest.mark.usefixtures("charged")
def test_each_day_is_a_link_to_itself_that_keeps_the_question(client: TestClient) -> None:
    text = client.get(f"/costs?{FEBRUARY}&currency=EUR&by=group&service=Storage").text
    links = re.findall(r'<a class="day" data-point href="([^"]+)" aria-label="([^"]+)"', text)
    assert len(links) == 28
    address, words = links[0]
    assert words == "2026-02-01: 1,200.50 = web 1,200.50 EUR"
    assert links[1][1] == "2026-02-02: nothing is known EUR"
    day = client.get(html.unescape(address)).text
    assert "2026-02-01 to 2026-02-01, actual, service Storage" in day
    assert "1,200.50" in day


def test_the_clouds_own_budgets_stand_beside_the_costs(stage: Stage, client: TestClient) -> None:
    assert "Budgets in the cloud" not in client.get("/costs").text
    stage.connect("contoso", "Contoso")
    stage.clouds["contoso"].said["budgets", "s1"] = [[budget(spent="120").encode()]]
    with begin(stage.engine, installation(), stage.clock) as work:
        request_sync(work, POLICIES, "costs")
    stage.work()
    text = client.get("/costs").text.replace("\N{NO-BREAK SPACE}", " ")
    panel = text[text.index("Budgets in the cloud") :]
    for words in ("monthly", "Contoso", "over", "120.00 EUR", "120", "100.00"):
        assert words in panel, words
