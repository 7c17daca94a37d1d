"""Fixtures of the tests of costs."""

import pytest
from sqlalchemy import Engine

from governance.costs.ledgers import NOON, Ledger
from governance.estate import Estate


@pytest.fixture
def march(engine: Engine) -> Estate:
    """An estate on 20 March 2026 at noon."""
    return Estate(engine, now=NOON)


@pytest.fixture
def book(march: Estate) -> Ledger:
    """The empty ledger of tenants ``acme`` and ``other``."""
    march.tenant("acme")
    march.tenant("other")
    return Ledger(march)
