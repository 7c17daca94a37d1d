"""The bridge, on each database we support."""

import pytest
from sqlalchemy import Engine

from operations.incidents.stage import Bridge


@pytest.fixture
def bridge(engine: Engine) -> Bridge:
    return Bridge(engine)
