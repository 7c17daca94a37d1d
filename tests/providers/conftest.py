"""Simulated clouds for tests."""

from collections.abc import Iterator

import pytest

from providers.rehearsal import Rehearsal, rehearsing
from quarterdeck.providers.simulator.options import SimulatorOptions
from quarterdeck.providers.simulator.server import running


@pytest.fixture(scope="module")
def shared_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """Three directories, 6,000 resources, so that listings have many pages."""
    folder = tmp_path_factory.mktemp("simulator")
    options = SimulatorOptions(folder=folder, resources=6_000)
    with running(options) as simulator, rehearsing(simulator) as rehearsal:
        yield rehearsal


@pytest.fixture
def simulator(shared_simulator: Rehearsal) -> Iterator[Rehearsal]:
    """The module's simulator; nothing is wrong with it when a test begins."""
    shared_simulator.calm()
    yield shared_simulator
    shared_simulator.calm()
