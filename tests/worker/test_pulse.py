"""A pulse that cannot do what it is for."""

from collections.abc import MutableMapping
from threading import Event
from typing import Any

import pytest
from structlog.testing import capture_logs

from quarterdeck.kernel.errors import Unavailable
from quarterdeck.worker.pulse import Pulse


def said_of(*errors: Exception) -> list[MutableMapping[str, Any]]:
    """What is logged of beats that raise these, one after the other."""
    stop, left = Event(), list(errors)

    def beat() -> None:
        error = left.pop(0)
        if not left:
            stop.set()
        raise error

    with capture_logs() as logs:
        pulse = Pulse(name="one", every_s=0.001, beat=beat, stop=stop)
        pulse.start()
        pulse.join(10)
    return logs


@pytest.mark.parametrize(
    ("error", "said"),
    [(Unavailable("the log is away"), "pulse waits"), (RuntimeError("a defect"), "pulse failed")],
)
def test_it_goes_on_and_says_once_what_it_misses_or_what_broke(error: Exception, said: str) -> None:
    [line] = said_of(error, error, error)
    assert (line["event"], line["pulse"]) == (said, "one")
    assert ("exc_info" in line) == (said == "pulse failed")


def test_a_defect_that_comes_while_it_waits_is_said_too() -> None:
    away = Unavailable("away")
    assert [line["event"] for line in said_of(away, away, RuntimeError("a defect"))] == [
        *("pulse waits", "pulse failed")
    ]
