"""The network between a worker and its database parts, while receivers are reached."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import Engine, event

from operations.escalation.stage import Desk
from operations.messages.stage import Stage
from quarterdeck.kernel import db
from quarterdeck.kernel.errors import Unavailable
from quarterdeck.operations.escalation import measuring as page_measuring
from quarterdeck.operations.escalation.service.timing import Timers
from quarterdeck.operations.messages import measuring
from quarterdeck.operations.messages.model import Urgency
from quarterdeck.operations.messages.service.sending import open_sending
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.wiring.numbers import EVERYONE
from servers import databases, forwarder, mail, sink
from servers.forwarder import Forwarder
from waiting import until

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.parametrize("engine", ["postgres"], indirect=True),
]


@contextmanager
def far(engine: Engine) -> Iterator[tuple[Engine, Forwarder]]:
    """The same database over a network that may part."""
    where = engine.url.query
    with forwarder.before(f"{where['host']}:{where['port']}") as network:
        host, _, port = network.address.partition(":")
        with databases.opened(engine.url.set(host=host, port=int(port), query={})) as found:
            yield found, network


@contextmanager
def told(engine: Engine, folder: Path) -> Iterator[Stage]:
    with sink.running() as came, mail.running() as box:
        stage = Stage(engine, KeyStore(folder / "keys"), came, box)
        yield stage
        stage.close()


@pytest.mark.parametrize("healed", [True, False])
def test_what_was_sent_by_who_cannot_say_so_comes_again_only_with_a_mark(
    engine: Engine, tmp_path: Path, *, healed: bool
) -> None:
    hang = Event()
    with told(engine, tmp_path) as stage, far(engine) as (away, network):
        stage.channels()
        stage.sink.answers["/hook"] = [hang]
        stage.post("webhook", urgency=Urgency.PAGE)
        parted = open_sending(away, stage.clock, stage.outlet())
        stage.loops.append(parted)
        parted.beat()
        network.sever()
        hang.set()
        until(lambda: stage.sink.of("/hook"))
        with pytest.raises(Unavailable):
            parted.beat()
        with stage.work() as work:
            measuring.measure(work, EVERYONE)
        assert waiting() == 1  # whoever looks sees that nobody said how it ended
        if not healed:
            stage.due_now("sending")  # its lease is over
            stage.settle(stage.sending())
        network.heal()
        until(lambda: parted.beat() or not parted.running)
        stage.settle(parted)
        marks = [one.headers.get("x-quarterdeck-repeat") for one in stage.sink.of("/hook")]
        assert marks == ([None] if healed else [None, "1"])
        assert stage.states() == ["sent"]


def waiting() -> float:
    """How many messages wait, as the metric has it."""
    found = [one for m in measuring.MESSAGES.collect() for one in m.samples]
    return sum(one.value for one in found if one.labels["state"] == "waiting")


def test_a_page_that_is_held_by_who_fell_silent_is_told_by_another(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "SILENT_S", 1)
    desk = Desk(engine)
    desk.taken = False
    page = desk.page()
    with far(engine) as (away, network):
        held = Event()

        def part(*said: object) -> None:
            takes = "FOR UPDATE" in str(said[2]) and "operations_page" in str(said[2])
            if takes and not held.is_set():
                network.silence()
                held.set()

        event.listen(away, "after_cursor_execute", part)
        worker = Thread(target=silenced, args=[away, desk])
        worker.start()
        held.wait(10)
        desk.stage.pass_time(minutes=2)
        assert desk.audit() == 2  # both levels that were to be told at once: it is seen
        late = page_measuring.LATE
        with desk.stage.look() as work:
            page_measuring.measure(work, EVERYONE)
        assert [one.value for m in late.collect() for one in m.samples] == [2]
        until(lambda: desk.timers().beat() or desk.told(page), 10, "another tells it")
        network.heal()
        worker.join(10)
        assert not worker.is_alive()
    desk.timers().beat()
    paged = [one for one in desk.titles(page) if "LATE" not in one]
    assert len(paged) == len(set(paged)), f"told twice: {paged}"
    assert {one.partition(":")[0] for one in paged} == {"ada@example.com", "bob@example.com"}


def silenced(away: Engine, desk: Desk) -> None:
    """A worker's turn that ends with its connection."""
    with suppress(Unavailable):
        Timers(engine=away, clock=desk.stage.clock, url="").beat()
