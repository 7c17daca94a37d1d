"""The outbox relay as a role of its own: it starts, stops and is missed by itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import Engine

from api.conftest import database, runtime, settings
from quarterdeck.kernel import beats
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.telemetry import OUTBOX_BACKLOG
from quarterdeck.runtime import Runtime
from quarterdeck.trail.deliveries.local import LocalTopic
from quarterdeck.trail.deliveries.model import RELAY
from quarterdeck.trail.deliveries.service.gauges import measure
from quarterdeck.trail.deliveries.service.queries import figures
from quarterdeck.worker.relay import relay_alone
from trail.installation import Installation
from waiting import until

__all__ = ["database", "runtime", "settings"]


class OpenTrail:
    """The trail that the runtime has open, as an installation has it."""

    def __init__(self, opened: Runtime) -> None:
        self.reader, self.sequencer, self.tiles = opened.reader, opened.sequencer, None


@contextmanager
def relaying(opened: Runtime) -> Iterator[None]:
    stopping = Event()
    role = Thread(target=relay_alone, args=[opened, partial(LocalTopic, opened.reader), stopping])
    role.start()
    try:
        yield
    finally:
        stopping.set()
        role.join(10)
        assert not role.is_alive()


def roles(engine: Engine) -> list[str]:
    with reading(engine) as db:
        return [beat.role for beat in beats.alive(db)]


@pytest.fixture
def append(runtime: Runtime, tmp_path: Path) -> Callable[[int], None]:
    found = Installation(runtime.engine, runtime.keys, tmp_path, OpenTrail(runtime), now=utc_now())  # type: ignore[arg-type]

    def appended(count: int) -> None:
        found.revoke(count)
        found.deliver()

    return appended


@pytest.mark.census("ATP-228", "ATP-509")
def test_the_backlog_rises_while_the_relay_is_stopped_and_drains_when_it_runs(
    runtime: Runtime, append: Callable[[int], None]
) -> None:
    def backlog() -> int:
        return figures(runtime.engine, runtime.reader, utc_now)[RELAY].active

    append(3)
    before = backlog()
    with relaying(runtime):
        until(lambda: backlog() == 0)
        until(lambda: RELAY in roles(runtime.engine))
    assert roles(runtime.engine) == []
    append(4)
    measure(runtime.engine, runtime.reader, utc_now)
    assert (backlog(), OUTBOX_BACKLOG._value.get()) == (4, 4)  # noqa: SLF001  prometheus_client's
    assert before >= 3
    with relaying(runtime):
        until(lambda: backlog() == 0)
    measure(runtime.engine, runtime.reader, utc_now)
    assert OUTBOX_BACKLOG._value.get() == 0  # noqa: SLF001
