"""Copies of a SQLite database."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from quarterdeck.kernel.db import sqlite
from quarterdeck.kernel.installation import PRIVATE_FILE


def _always(_moment: object) -> bool:
    return True


def copy_sqlite(database: Path, to: Path, fits: Callable[[Any], bool] = _always) -> bool:
    """A copy of one moment, also while others write; the original never waits for it.

    ``fits`` is asked of the moment, on a connection, before anything is copied: False if it
    does not, and nothing is copied then.
    """
    source, target = sqlite.connect(database, isolation_level=None), sqlite.connect(to)
    try:
        source.execute("BEGIN")
        if not fits(source):
            return False
        source.backup(target)
    finally:
        target.close()
        source.close()
    to.chmod(PRIVATE_FILE)
    return True
