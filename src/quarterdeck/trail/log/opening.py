"""The adapters that an installation's database asks for: files beside SQLite, or PostgreSQL."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from quarterdeck.kernel.installation import make_private
from quarterdeck.trail.log import landed
from quarterdeck.trail.log.holder import HeldSequencer
from quarterdeck.trail.log.ports import Journal, Reader, Removal, Sequencer, Tiles
from quarterdeck.trail.log.sequencer import GroupingSequencer
from quarterdeck.trail.log.storage.bundles import FileTiles
from quarterdeck.trail.log.storage.files import FileReader
from quarterdeck.trail.log.storage.journal import FileJournal
from quarterdeck.trail.log.storage.layout import Layout
from quarterdeck.trail.log.storage.postgres import PostgresJournal
from quarterdeck.trail.log.storage.removal import FileRemoval, SqlRemoval
from quarterdeck.trail.log.storage.rows import SqlReader, SqlTiles
from quarterdeck.trail.log.storage.tail import Tail


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """The log of one installation, as one process has it open."""

    reader: Reader
    sequencer: Sequencer
    tiles: Tiles
    removal: Removal

    def close(self) -> None:
        """Let another process append and integrate."""
        self.sequencer.close()
        self.tiles.close()
        self.reader.close()


def open_trail(engine: Engine, root: Path, *, lasting: bool) -> Trail:
    """Open the log that ``engine`` and the folder ``root`` hold.

    ``lasting``: this process is meant to append itself, where only one can; others hand what
    they append to it, and stand in where there is none.

    Raises:
        LogDamaged: the journal is; nothing can be appended until it is put back.
    """
    if engine.dialect.name != "sqlite":
        journal = PostgresJournal(engine)
        return Trail(
            reader=SqlReader(engine),
            sequencer=GroupingSequencer(journal),
            tiles=SqlTiles(engine),
            removal=SqlRemoval(engine),
        )
    layout = Layout(root)
    make_private(root)
    tail = Tail(layout.journal)

    def take() -> Journal:
        held = FileJournal(layout.journal)
        landed.move(engine, held)
        return held

    return Trail(
        reader=FileReader(layout, tail),
        sequencer=HeldSequencer(layout.socket, take, lasting=lasting),
        tiles=FileTiles(layout, tail),
        removal=FileRemoval(layout, tail),
    )


def open_reader(engine: Engine, root: Path) -> Reader:
    """The log, for who only looks."""
    if engine.dialect.name != "sqlite":
        return SqlReader(engine)
    layout = Layout(root)
    return FileReader(layout, Tail(layout.journal))
