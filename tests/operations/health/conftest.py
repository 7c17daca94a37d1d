"""A registry and its prober on each database, and endpoints to look at."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import Engine

from operations.health.endpoints import Endpoint, endpoint
from operations.health.watch import Watch
from quarterdeck.operations.health.prober import Prober


@pytest.fixture
def watch(engine: Engine) -> Watch:
    return Watch(engine)


@pytest.fixture
def prober(watch: Watch) -> Iterator[Prober]:
    with closing(Prober(engine=watch.engine, means=watch.means())) as opened:
        yield opened


@pytest.fixture
def web() -> Iterator[Endpoint]:
    with endpoint() as opened:
        yield opened


@pytest.fixture
def api() -> Iterator[Endpoint]:
    with endpoint() as opened:
        yield opened
