"""An installation's SQLite and its trail, copied as of one moment."""

from functools import partial
from pathlib import Path
from typing import Any

from quarterdeck.kernel.backup import copy_sqlite
from quarterdeck.trail.log.storage import copying
from quarterdeck.trail.log.storage.layout import Layout
from quarterdeck.trail.log.storage.tail import Tail

TRIES = 20
SIGNED = "SELECT l.log, c.size FROM trail_log l JOIN trail_checkpoint c ON c.log = l.origin"


def copy_installation(database: Path, trail: Path, to: Path) -> Path:
    """Copy both into the folder ``to``, while they are written; the copy of the database.

    The journal's moment is taken first, then that of the database: so every data key that a
    disclosure needs is in the copy. A checkpoint may be newer than the journal's moment; then
    both are taken again.

    Raises:
        TooBusy: no two moments fitted; nothing useful was copied.
    """
    target, of, into = to / "quarterdeck.db", Layout(trail), Layout(to / "trail")
    if not of.journal.is_dir():
        copy_sqlite(database, target)
        return target
    tail = Tail(of.journal)
    for _ in range(TRIES):
        sizes = tail.sizes()
        moment = copying.begin(of, into)
        if copy_sqlite(database, target, partial(_fits, sizes)):
            copying.finish(of, into, moment)
            return target
    raise copying.TooBusy("the log grows too fast to be copied; try again when there is less to do")


def _fits(sizes: dict[str, int], moment: Any) -> bool:  # noqa: ANN401  a DBAPI connection
    return all(size <= sizes.get(log, 0) for log, size in moment.execute(SIGNED))
