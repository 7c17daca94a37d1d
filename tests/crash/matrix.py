"""Kills a worker at every point of what it does, and checks what another makes of it.

A process of its own (``python -m crash.matrix URL FOLDER POINTS``): it forks from a warm
parent, which a test runner with its threads is not. Prints a line for each scenario.
"""

import logging
import sys
from pathlib import Path

import structlog
from sqlalchemy import Engine

from crash.points import NEVER, in_child
from crash.scenarios import SCENARIOS, Scenario, clear
from crash.world import World
from quarterdeck.kernel.db import metadata, open_engine


def main(url: str, folder: str, points: str) -> int:
    """Run every scenario at ``points`` points each, spread evenly; "all": at every one."""
    quiet = structlog.make_filtering_bound_logger(logging.CRITICAL)
    structlog.configure(wrapper_class=quiet)  # failures are what this is about
    engine, world = open_engine(url), World(Path(folder) / "world")
    metadata.create_all(engine)
    most = sys.maxsize if points == "all" else int(points)
    return int(sum(failures(name, engine, world, most) for name in SCENARIOS) > 0)


def failures(name: str, engine: Engine, world: World, most: int) -> int:
    """At how many of the points a promise was broken; says which, and why."""
    scenario = SCENARIOS[name]
    set_up(scenario, engine, world)
    passed = in_child(engine, lambda points: scenario.act(engine, world, points), NEVER)
    scenario.check(engine, world)
    chosen = spread(passed, most * scenario.weight)
    failed = [point for point in chosen if not survived(name, engine, world, point)]
    say(f"{name}: killed at {len(chosen)} of {passed} points, {len(failed)} failures")
    return len(failed)


def spread(total: int, most: int) -> list[int]:
    """At most ``most`` of the points 1 to ``total``, first and last among them."""
    if total <= most:
        return list(range(1, total + 1))
    return sorted({1 + round(n * (total - 1) / (most - 1)) for n in range(most)})


def set_up(scenario: Scenario, engine: Engine, world: World) -> None:
    clear(engine)
    world.forget()
    scenario.prepare(engine)


def survived(name: str, engine: Engine, world: World, point: int) -> bool:
    """Whether all promises are kept when the worker dies at ``point``."""
    scenario = SCENARIOS[name]
    set_up(scenario, engine, world)
    passed = in_child(engine, lambda points: scenario.act(engine, world, points), point)
    try:
        assert passed == 0, "it lived on: its statements are not the same each time"
        scenario.recover(engine, world)
        scenario.check(engine, world)
    except AssertionError as error:
        say(f"{name}, killed at point {point}: {error}")
        return False
    return True


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
