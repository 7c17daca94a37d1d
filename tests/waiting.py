"""Waiting for what another process or thread does, without guessing how long it takes."""

from collections.abc import Callable
from threading import Event
from time import monotonic
from typing import TypeVar

POLL_S = 0.01

Found = TypeVar("Found")


def until(condition: Callable[[], Found], within_s: float = 10, what: str = "") -> Found:
    """What ``condition`` answers, as soon as that is true.

    Raises:
        AssertionError: it was not within ``within_s`` seconds; says ``what`` was awaited.
    """
    ends, pause = monotonic() + within_s, Event()
    while not (found := condition()):
        if monotonic() > ends:
            name = what or getattr(condition, "__name__", repr(condition))
            raise AssertionError(f"not within {within_s:g} s: {name}; last answer: {found!r}")
        pause.wait(POLL_S)
    return found
