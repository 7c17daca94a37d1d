"""What the tests of messages share."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from operations.messages.stage import Stage
from quarterdeck.operations.messages.service import sending
from quarterdeck.trail.keys.keystore import KeyStore
from servers.mail import MailBox
from servers.sink import Sink


@pytest.fixture(autouse=True)
def _long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it takes to look, a pause is not over by itself."""
    monkeypatch.setattr(sending, "pause_after", lambda _attempts: timedelta(minutes=1))


@pytest.fixture
def stage(engine: Engine, tmp_path: Path, came: Sink, box: MailBox) -> Iterator[Stage]:
    made = Stage(engine, KeyStore(tmp_path / "keys"), came, box)
    yield made
    made.close()
