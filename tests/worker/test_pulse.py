"""A pulse that cannot do what it is for."""

from threading import Event

import pytest
from structlog.testing import capture_logs

from quarterdeck.kernel.errors import Unavailable
from quarterdeck.worker.pulse import Pulse


@pytest.mark.parametrize(
    ("error", "said"),
    [(Unavailable("the log is away"), "pulse waits"), (RuntimeError("a defect"), "pulse failed")],
)
def test_it_goes_on_and_says_once_what_it_misses_or_what_broke(error: Exception, said: str) -> None:
    stop, turns = Event(), iter([False, False, True])

    def beat() -> None:
        if next(turns):
            stop.set()
        raise error

    with capture_logs() as logs:
        pulse = Pulse(name="one", every_s=0.001, beat=beat, stop=stop)
        pulse.start()
        pulse.join(10)
    [line] = logs
    assert (line["event"], line["pulse"]) == (said, "one")
    assert ("exc_info" in line) == (said == "pulse failed")


def test_a_defect_that_comes_while_it_waits_is_said_too() -> None:
    stop = Event()
    errors = iter([Unavailable("away"), Unavailable("away"), RuntimeError("a defect")])

    def beat() -> None:
        error = next(errors)
        if isinstance(error, RuntimeError):
            stop.set()
        raise error

    with capture_logs() as logs:
        pulse = Pulse(name="one", every_s=0.001, beat=beat, stop=stop)
        pulse.start()
        pulse.join(10)
    assert [line["event"] for line in logs] == ["pulse waits", "pulse failed"]
