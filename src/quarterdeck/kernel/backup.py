"""Copies of a SQLite database."""

from pathlib import Path

from quarterdeck.kernel.db import sqlite
from quarterdeck.kernel.installation import PRIVATE_FILE


def copy_sqlite(database: Path, to: Path) -> None:
    """A copy of one moment, also while others write; the original never waits for it."""
    source, target = sqlite.connect(database), sqlite.connect(to)
    try:
        source.backup(target)
    finally:
        target.close()
        source.close()
    to.chmod(PRIVATE_FILE)
