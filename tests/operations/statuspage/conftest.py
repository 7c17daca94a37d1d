"""A harbour with a status page, on each database we support."""

import pytest
from sqlalchemy import Engine

from operations.statuspage.stage import Harbour


@pytest.fixture
def harbour(engine: Engine) -> Harbour:
    return Harbour(engine)
