"""Fixtures of the tests of access."""

import pytest
from sqlalchemy import Engine

from access.stage import Stage


@pytest.fixture
def stage(engine: Engine) -> Stage:
    return Stage(engine)
