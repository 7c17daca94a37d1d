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
