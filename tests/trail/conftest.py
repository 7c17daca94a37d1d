"""An installation with a log."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from quarterdeck.kernel.clock import utc_now
from quarterdeck.trail.keys.keystore import KeyStore
from servers import nats
from trail.installation import Installation
from trail.transports import asked, forget
from trail.worms import Bucket, Folder, Worm, locking_bucket


@pytest.fixture
def installation(engine: Engine, tmp_path: Path) -> Iterator[Installation]:
    opened = Installation(engine, KeyStore(tmp_path / "keys"), tmp_path)
    yield opened
    opened.trail.close()


@pytest.fixture(scope="module")
def nats_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a NATS server with JetStream."""
    if reason := nats.missing():
        pytest.skip(reason)
    with nats.server(tmp_path_factory.mktemp("nats")) as url:
        yield url


@pytest.fixture
def nats_url(nats_server: str) -> str:
    """The same, without a stream."""
    asked(nats_server, forget)
    return nats_server


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
