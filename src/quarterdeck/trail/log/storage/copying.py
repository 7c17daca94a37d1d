"""A copy of the files of a trail while it runs: of one moment, though nothing waits for it."""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from quarterdeck.kernel.errors import Unavailable
from quarterdeck.kernel.installation import make_private
from quarterdeck.trail.log.storage import recovery
from quarterdeck.trail.log.storage.durable import Durable
from quarterdeck.trail.log.storage.layout import Layout

TRIES = 20


class TooBusy(Unavailable):
    """What was to be copied did not stand still long enough."""


@dataclass(frozen=True, slots=True)
class Moment:
    """How far the journal was durable: what a copy holds of it."""

    number: int
    end: int


def begin(of: Layout, to: Layout) -> Moment:
    """Copy the used tags; the moment that the copy will be of."""
    durable = Durable(of.journal)
    make_private(to.root)
    make_private(to.journal)
    for _ in range(TRIES):
        before = durable.get()
        _mirror(of.journal / "tags", to.journal / "tags")
        # Tags that were flushed meanwhile would be in neither: their file is the last no more.
        if durable.get()[0] == before[0]:
            return Moment(*before)
    raise TooBusy("the journal grows too fast to be copied; try again when there is less to do")


def finish(of: Layout, to: Layout, moment: Moment) -> None:
    """Copy the journal up to the moment, then tiles and disclosures, which may be newer.

    In this order: a leaf that has left the journal stands in tiles.
    """
    for number in recovery.numbers(of.journal):
        if number <= moment.number:
            with suppress(FileNotFoundError):
                name = recovery.name_of(number)
                shutil.copyfile(of.journal / name, to.journal / name)
    os.truncate(to.journal / recovery.name_of(moment.number), moment.end)
    Durable(to.journal).put(moment.number, moment.end)
    for name in ("logs", "disclosures"):
        _tree(of.root / name, to.root / name)


def _tree(of: Path, to: Path) -> None:
    for folder, _, _ in os.walk(of):
        here = Path(folder)
        _steady(partial(_files, here, to / here.relative_to(of)))


def _steady(copy: Callable[[], None]) -> None:
    for _ in range(TRIES):
        try:
            return copy()
        except FileNotFoundError:  # renamed as it grew: look again
            continue
    raise TooBusy("the log grows too fast to be copied; try again when there is less to do")


def _files(of: Path, to: Path) -> None:
    if not of.is_dir():  # a partial tile became a full one, beside
        return
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in of.iterdir():
        if path.is_file():
            shutil.copyfile(path, to / path.name)


def _mirror(of: Path, to: Path) -> None:
    shutil.rmtree(to, ignore_errors=True)
    make_private(to)
    if of.is_dir():
        _steady(partial(_files, of, to))
