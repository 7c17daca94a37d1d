"""The topic in its two kinds."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from quarterdeck.trail.deliveries.ports import Topic
from trail.installation import Installation
from trail.transports import TRANSPORTS, opened


@pytest.fixture(params=TRANSPORTS)
def topic(request: pytest.FixtureRequest, installation: Installation) -> Iterator[Topic]:
    """What carries the topic: every delivery is the same on each."""
    with closing(opened(request, installation.reader)) as found:
        yield found
