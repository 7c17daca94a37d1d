"""Kills a worker on the way of a page: alert, route, page, send, acknowledge, escalate, end.

A process of its own (``python -m crash.pages_matrix URL FOLDER POINTS [SCENARIO ...]``), as
``crash.matrix`` is. Prints a line for each scenario.
"""

import logging
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import structlog

from crash import receivers
from crash.house import House
from crash.matrix import say, spread
from crash.pages import SCENARIOS, WORKERS, Found, Scenario, held, prepare, recover
from crash.points import NEVER, Passed, Points, in_child, in_children, passed_in_child
from quarterdeck.kernel.db import open_engine
from quarterdeck.migrations.tables import metadata


@dataclass(slots=True, kw_only=True)
class Tally:
    """What came of killing somebody at many points of one scenario.

    Attributes:
        of: how many points there are.
        repeats: what came again, and said so.
        held_for_s: how long others waited at most for what the dead held.
    """

    of: int
    points: int = 0
    broken: int = 0
    repeats: int = 0
    held_for_s: float = 0.0


def main(url: str, folder: str, points: str, *names: str) -> int:
    """Run scenarios: at "all" points, at all "edges", or at so many of these."""
    quiet = structlog.make_filtering_bound_logger(logging.CRITICAL)
    structlog.configure(wrapper_class=quiet)  # failures are what this is about
    engine = open_engine(url)
    metadata.create_all(engine)
    broken = 0
    with receivers.running() as there:
        house = House(engine=engine, folder=Path(folder), receivers=there)
        for name in names or SCENARIOS:
            tally = killed(name, house, points)
            say(
                f"{name}: killed at {tally.points} of {tally.of} points, {tally.broken} broken, "
                f"{tally.repeats} repeats, held for {tally.held_for_s:.1f} s"
            )
            broken += tally.broken
        if not points.isdecimal():
            say(f"taken over by the lease alone: {taken_over_s(house):.2f} s after the death")
    return int(broken > 0)


def taken_over_s(house: House) -> float:
    """How long after a death amid sending two others have ended it, with nobody's help."""
    scenario = SCENARIOS["page"]
    prepare(scenario, house)
    passed = passed_in_child(house.engine, lambda points: scenario.act(house, points))
    for point in passed.edges:
        prepare(scenario, house)
        in_child(house.engine, lambda points: scenario.act(house, points), point)
        if house.held_for_s():
            break
    died = monotonic()
    in_children(house.engine, lambda points: house.finish(scenario.minutes, points), WORKERS)
    took = monotonic() - died
    held(scenario, house)
    return took


def killed(name: str, house: House, points: str) -> Tally:
    """Kill somebody at many points of a scenario; whatever is broken is said."""
    scenario = SCENARIOS[name]
    prepare(scenario, house)
    scenario.act(house, Points(NEVER))  # here: children inherit the statements that it compiles
    expected, repeats = held(scenario, house)
    prepare(scenario, house)
    passed = passed_in_child(house.engine, lambda points: scenario.act(house, points))
    assert repeats == 0, "something came twice though nobody died"
    tally = Tally(of=passed.points)
    for point in _chosen(points, passed, scenario.weight):
        tally.points += 1
        _kill(scenario, house, point, expected, tally)
    return tally


def _kill(scenario: Scenario, house: House, point: int, expected: Found, tally: Tally) -> None:
    prepare(scenario, house)
    lived = in_child(house.engine, lambda points: scenario.act(house, points), point)
    try:
        assert lived == 0, "it lived on: its statements are not the same each time"
        tally.held_for_s = max(tally.held_for_s, house.held_for_s())
        recover(scenario, house)
        found, repeats = held(scenario, house)
        assert found == expected, f"{found} is not {expected}"
        tally.repeats += repeats
    except AssertionError as error:
        house.receivers.came()
        say(f"killed at point {point}: {error}")
        tally.broken += 1


def _chosen(points: str, passed: Passed, weight: int) -> Iterable[int]:
    if points == "all":
        return range(1, passed.points + 1)
    if points == "edges":
        return passed.edges
    many = spread(len(passed.edges), int(points) * weight)
    return [passed.edges[place - 1] for place in many]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
