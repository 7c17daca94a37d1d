"""Files in FOCUS: a line that says what cannot be is named, whatever it is."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from quarterdeck.governance.cloud.ports import CostBasis
from quarterdeck.governance.costs.focus import COLUMNS, UnreadableFile, joined, read
from quarterdeck.governance.costs.model import Entry
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.money import Money

HEAD = "BilledCost,BillingCurrency,ChargePeriodStart,ServiceName,SubAccountId"


@pytest.mark.parametrize(
    "start",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-12:00", "1969-12-31", "soon", ""],
)
def test_a_day_that_is_none_is_told_by_its_line(start: str) -> None:
    with pytest.raises(UnreadableFile, match="line 3"):
        read(f"{HEAD}\n1,EUR,2026-03-01,Storage,s1\n1,EUR,{start},Storage,s1\n")


MANDATORY = frozenset(
    """
BilledCost BillingAccountId BillingAccountName BillingCurrency BillingPeriodEnd BillingPeriodStart
ChargeCategory ChargeClass ChargeDescription ChargePeriodEnd ChargePeriodStart ContractedCost
EffectiveCost InvoiceIssuerName ListCost PricingQuantity PricingUnit ProviderName PublisherName
ServiceCategory ServiceName
""".split()  # noqa: SIM905  one a line is longer than what it tests
)
"""https://focus.finops.org/focus-specification/v1-2/, columns whose feature level is Mandatory."""


def test_every_mandatory_column_is_there_and_our_own_are_led_in_and_last() -> None:
    names = list(COLUMNS)
    assert set(names) >= MANDATORY
    own = [name for name in names if name.startswith("x_")]
    assert names == [*sorted(set(names) - set(own)), *own]


DAY = date(2026, 3, 10)
KEY = (TenantId("acme"), "s1", date(2026, 3, 1))
LATER, EARLIER = DAY + timedelta(days=1), DAY


def entry(basis: CostBasis) -> Entry:
    return Entry(
        series=1,
        tenant=TenantId("acme"),
        scope="s1",
        cut="services",
        label="Reservations",
        group="",
        day=DAY,
        basis=basis,
        amount=Money(Decimal(7), "EUR"),
        observed_at=datetime(2026, 3, 11, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("basis", "read_to", "said"),
    [
        ("actual", {"actual": LATER, "amortized": LATER}, ("Purchase", 7, 0, 7)),
        ("actual", {"actual": LATER, "amortized": EARLIER}, ("Usage", 7, None, 7)),
        ("actual", {"actual": LATER}, ("Usage", 7, None, 7)),
        ("amortized", {"actual": LATER, "amortized": LATER}, ("Usage", 0, 7, 7)),
        ("amortized", {"amortized": LATER}, ("Usage", None, 7, 7)),
    ],
)
def test_what_a_basis_lacks_is_nothing_only_where_it_was_read(
    basis: str, read_to: dict[str, date], said: tuple[object, ...]
) -> None:
    known = {(*KEY, CostBasis(name)): before for name, before in read_to.items()}
    [row] = joined([entry(CostBasis(basis))], {}, {}, known)
    names = ("ChargeCategory", "BilledCost", "EffectiveCost", "ListCost")
    assert tuple(COLUMNS[name](row) for name in names) == said
