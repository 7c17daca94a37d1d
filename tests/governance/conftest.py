"""Fixtures of the tests of governance."""

import pytest
from sqlalchemy import Engine

from governance.estate import Estate


@pytest.fixture
def estate(engine: Engine) -> Estate:
    return Estate(engine)
