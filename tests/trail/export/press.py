"""Exports as people and workers make them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from quarterdeck.kernel.work import Actor, begin
from quarterdeck.trail.export import service
from quarterdeck.trail.export.jobs import Press, export_kind
from quarterdeck.trail.export.model import Ask, Export
from quarterdeck.trail.export.selection import Source
from quarterdeck.worker.loop import Worker
from trail.installation import Installation

RIGHTS = ("trail:read", "trail:disclose", "exports:create")
ADA = Actor("ada", frozenset((right, "acme") for right in RIGHTS))
CLEO = Actor("cleo", frozenset({("trail:read", "acme"), ("exports:create", "acme")}))
EVE = Actor("eve", frozenset((right, "zeta") for right in RIGHTS))


@dataclass
class Exporter:
    """Asks for exports, and makes them."""

    installation: Installation
    bytes_per_s: int = 0

    @property
    def folder(self) -> Path:
        return self.installation.folder / "exports"

    def ask(self, by: Actor = ADA, **said: Any) -> Export:  # noqa: ANN401  any field of Ask
        here = self.installation
        with begin(here.engine, by, here.clock) as work:
            return service.request(work, here.reader, Ask(tenant="acme", **said))

    def turn(self) -> None:
        """What a worker does once."""
        here = self.installation
        source = Source(engine=here.engine, reader=here.reader, keys=here.keys)
        kind = export_kind(Press(source=source, folder=self.folder, bytes_per_s=self.bytes_per_s))
        worker = Worker(
            name="w",
            engine=here.engine,
            clock=here.clock,
            kinds={kind.name: kind},
            threads=1,
            lease=timedelta(minutes=1),
        )
        with ThreadPoolExecutor(1) as pool:
            worker.turn(pool)
        worker.turn(pool)

    def one(self, export: Export, by: Actor = ADA) -> Export:
        with self.installation.reading(by) as work:
            return service.export(work, export.id)

    def made(self, by: Actor = ADA, **said: Any) -> Path:  # noqa: ANN401  any field of Ask
        """The file of an export."""
        asked = self.ask(by, **said)
        self.turn()
        found = self.one(asked, by)
        assert found.state == "done", found
        return self.download(found, by)

    def download(self, export: Export, by: Actor = ADA) -> Path:
        here = self.installation
        with begin(here.engine, by, here.clock) as work:
            return service.download(work, self.folder, export.id)[1]


def unpacked(bundle: Path, folder: Path) -> Path:
    with ZipFile(bundle) as archive:
        archive.extractall(folder)
    return folder


def edit(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))
