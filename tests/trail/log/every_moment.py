"""Ends each life at every moment of it, by a kill and by power cuts; prints what came of it.

A program of its own (``python -m trail.log.every_moment FOLDER CUTS``): it takes minutes.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random
from shutil import rmtree

from trail.log.lives import LIVES, NONE, Harm, Leave, born_again, lived
from trail.log.power import Disk, Moment, cut, killed


def main(folder: Path, cuts: int) -> int:
    """1 where a promise was broken; ``cuts`` is how often the power fails at each moment."""
    found: Counter[str] = Counter()
    for number, (shape, steps) in enumerate(LIVES.items()):
        root = folder / str(number)
        root.mkdir()
        disk = lived(root, steps, shape)
        for way, moment, leave in deaths(disk, cuts):
            harm = born_again(disk, moment, root / "again", leave)
            rmtree(root / "again")
            count(found, harm, f"{way} before {moment.call}")
        say(f"life {number}: {len(disk.moments)} moments")
    for name in ("kill", "power cut", "acknowledged leaves lost", "forks", "gaps", "damaged"):
        say(f"{name}: {found[name]}")
    return int(found["broken"] > 0)


def deaths(disk: Disk, cuts: int) -> Iterator[tuple[str, Moment, Leave]]:
    """Every way in which the life may end."""
    for at, moment in enumerate(disk.moments):
        yield "kill", moment, killed
        for again in range(cuts):
            luck = Random(at * cuts + again)  # noqa: S311  the same luck each time
            yield "power cut", moment, partial(cut, luck=luck)


def count(found: Counter[str], harm: Harm, death: str) -> None:
    """Add one death, and say so at once where it did harm."""
    found[death.partition(" before ")[0]] += 1
    found["acknowledged leaves lost"] += harm.lost
    found["forks"] += harm.forks
    found["gaps"] += harm.gaps
    found["damaged"] += bool(harm.damage)
    if harm != NONE:
        found["broken"] += 1
        say(f"{death}: {harm}")


def say(line: str) -> None:
    """At once: a life takes minutes."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
