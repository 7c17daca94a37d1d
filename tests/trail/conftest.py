"""An installation with a log."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from quarterdeck.trail.keys.keystore import KeyStore
from trail.installation import Installation


@pytest.fixture
def installation(engine: Engine, tmp_path: Path) -> Iterator[Installation]:
    opened = Installation(engine, KeyStore(tmp_path / "keys"), tmp_path)
    yield opened
    opened.trail.close()
