"""Rules on a database of each kind."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine

from operations.rules.stage import Stage
from quarterdeck.operations.metrics.opening import open_metrics


@pytest.fixture
def stage(engine: Engine, tmp_path: Path) -> Iterator[Stage]:
    with closing(open_metrics(engine, tmp_path / "series")) as metrics:
        yield Stage(engine, metrics)
