"""An installation with a log."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from quarterdeck.kernel.clock import utc_now
from quarterdeck.trail.keys.keystore import KeyStore
from trail.installation import Installation
from trail.worms import Bucket, Folder, Worm, locking_bucket


@pytest.fixture
def installation(engine: Engine, tmp_path: Path) -> Iterator[Installation]:
    opened = Installation(engine, KeyStore(tmp_path / "keys"), tmp_path)
    yield opened
    opened.trail.close()


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    with locking_bucket(monkeypatch) as found:
        yield found


@pytest.fixture
def worm(request: pytest.FixtureRequest, installation: Installation, tmp_path: Path) -> Worm:
    """A folder, unless ``trail.worms.BOTH`` asks for a bucket too."""
    if getattr(request, "param", "folder") == "folder":
        return Folder(tmp_path / "worm")
    # The server knows the time, and locks nothing in the past.
    installation.now = utc_now()
    found: Bucket = request.getfixturevalue("bucket")
    return found
