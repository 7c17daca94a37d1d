"""On-call on a database of each kind, and a clock that one sets."""

import pytest
from sqlalchemy import Engine

from operations.oncall.stage import Stage


@pytest.fixture
def stage(engine: Engine) -> Stage:
    return Stage(engine)
