"""Hand-offs on a database of each kind, on the stage of on-call."""

import pytest
from sqlalchemy import Engine

from operations.oncall.stage import Stage


@pytest.fixture
def stage(engine: Engine) -> Stage:
    made = Stage(engine)
    made.apply()
    return made
