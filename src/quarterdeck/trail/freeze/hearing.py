"""The freeze's ear: where an incident suspects a loss of data, nothing more is accepted."""

from collections.abc import Callable, Mapping
from functools import partial

from quarterdeck.kernel.deliveries import Subscriber
from quarterdeck.kernel.outbox import Fact
from quarterdeck.kernel.work import Work
from quarterdeck.trail.freeze import service

NAME, SUSPECTED = "trail-freeze", "DataLossSuspected"
Sizes = Callable[[], Mapping[str, int]]
"""How many leaves each log has now."""


def subscriber(sizes: Sizes) -> Subscriber:
    """Who hears of facts on behalf of the freeze."""
    return Subscriber(name=NAME, receive=partial(_hear, sizes), hears=[SUSPECTED])


def _hear(sizes: Sizes, work: Work, fact: Fact) -> None:
    said = fact.payload
    for log in said["logs"]:
        service.suspected(work, log, said["incident"], said["title"], fact.actor, sizes())
