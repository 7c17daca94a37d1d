"""The topic in its two kinds."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from quarterdeck.providers.nats.topic import NatsTopic
from quarterdeck.trail.deliveries.ports import LocalTopic, Topic
from servers import nats
from trail.installation import Installation


@pytest.fixture
def nats_url(tmp_path: Path) -> Iterator[str]:
    if reason := nats.missing():
        pytest.skip(reason)
    folder = tmp_path / "nats"
    folder.mkdir()
    with nats.server(folder) as url:
        yield url


@pytest.fixture(params=["local", "nats"])
def topic(request: pytest.FixtureRequest, installation: Installation) -> Iterator[Topic]:
    """What carries the topic."""
    if request.param == "local":
        yield LocalTopic()
        return
    url = request.getfixturevalue("nats_url")
    with closing(NatsTopic(url, installation.reader)) as opened:
        yield opened
