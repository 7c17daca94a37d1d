"""One journal of each kind, opened as often as a test likes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from quarterdeck.kernel.db import writing
from quarterdeck.trail.log.ports import Journal, Reader
from quarterdeck.trail.log.storage import leaves
from quarterdeck.trail.log.storage.files import FileReader
from quarterdeck.trail.log.storage.journal import FileJournal
from quarterdeck.trail.log.storage.layout import Layout
from quarterdeck.trail.log.storage.postgres import PostgresJournal
from quarterdeck.trail.log.storage.rows import SqlReader
from quarterdeck.trail.log.storage.tail import Tail

LOGS = ("acme", "zeta", "omega")


@dataclass(frozen=True, slots=True)
class Kind:
    """How a journal and a reader of it are opened."""

    open: Callable[[], Journal]
    read: Callable[[], Reader]
    exclusive: bool


def of_files(folder: Path, file_bytes: int = 1 << 20) -> Kind:
    layout = Layout(folder / "trail")
    layout.root.mkdir(mode=0o700, exist_ok=True)
    return Kind(
        open=lambda: FileJournal(layout.journal, file_bytes=file_bytes, reserve_bytes=0),
        read=lambda: FileReader(layout, Tail(layout.journal)),
        exclusive=True,
    )


def of_postgres(engine: Engine) -> Kind:
    with writing(engine) as db:
        for log in LOGS:
            leaves.begin(db, log, f"origin/{log}", "vkey")
    return Kind(
        open=lambda: PostgresJournal(engine), read=lambda: SqlReader(engine), exclusive=False
    )
