"""Fixtures of the tests of governance over HTTP."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from governance.estate import Estate
from quarterdeck.kernel.clock import utc_now


@pytest.fixture
def estate(database: Engine) -> Estate:
    """The clouds and the worker behind the installation that ``client`` talks to."""
    return Estate(database, now=utc_now() - timedelta(minutes=1))
