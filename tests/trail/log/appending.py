"""A process that appends for ever, and says what was acknowledged: ``INDEX NAME``, a line each.

``again``: nothing was, and it sends the same once more.
"""

import sys
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

from quarterdeck.kernel.db import open_engine
from quarterdeck.kernel.errors import Unavailable
from quarterdeck.trail.log import handover
from quarterdeck.trail.log.holder import HeldSequencer
from quarterdeck.trail.log.model import Appended, Prepared
from quarterdeck.trail.log.storage.journal import FileJournal
from quarterdeck.trail.log.storage.postgres import PostgresJournal
from trail.log.drafts import prepared

STALLED_S, PATIENCE_S = 1.0, 1.0

Append = Callable[[Sequence[Prepared]], list[Appended]]


def main(where: str, who: str) -> None:
    append = opened(where)
    for number in count():
        one = prepared("acme", f"{who}-{number}")
        sys.stdout.write(f"{acknowledged(append, one)} {one.record}\n")
        sys.stdout.flush()


def opened(where: str) -> Append:
    if where.startswith("postgresql"):
        return PostgresJournal(open_engine(where), stalled_s=STALLED_S).append
    folder = Path(where)
    handover.ANSWER_S = PATIENCE_S

    def take() -> FileJournal:
        return FileJournal(folder / "journal", reserve_bytes=0)

    return HeldSequencer(folder / "append.sock", take, lasting=True).append


def acknowledged(append: Append, one: Prepared) -> int:
    while True:
        try:
            return append([one])[0].index
        except Unavailable:
            sys.stdout.write("again\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
