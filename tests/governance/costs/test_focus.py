"""Files in FOCUS: a line that says what cannot be is named, whatever it is."""

import pytest

from quarterdeck.governance.costs.focus import COLUMNS, UnreadableFile, read

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
