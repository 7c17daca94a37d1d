"""Pages on a database of each kind."""

import pytest
from sqlalchemy import Engine

from operations.escalation.stage import Desk


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)
