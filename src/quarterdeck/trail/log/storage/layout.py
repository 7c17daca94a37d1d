"""Where the files of a log stand: c2sp.org/tlog-tiles below a folder of its own."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from quarterdeck.trail.proof.tiles import HEIGHT, WIDTH, Tile, levels

CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True)
class Layout:
    """The folder of an installation's trail.

    journal/               groups that are not yet in synced tiles
    logs/TENANT/           checkpoint and tile/..., as c2sp.org/tlog-tiles serves them
    disclosures/TENANT/    sealed disclosures, by bundle; never served
    """

    root: Path

    @property
    def journal(self) -> Path:
        return self.root / "journal"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def socket(self) -> Path:
        """Where the holder of the journal hears other processes."""
        return self.root / "append.sock"

    def log(self, tenant: str) -> Path:
        """One log; what stands in it is named as below the log's URL."""
        return self.logs / quote(tenant, safe="")

    def tile(self, tenant: str, tile: Tile) -> Path:
        return self.log(tenant) / tile.path

    def disclosures(self, tenant: str, bundle: int) -> Path:
        """The disclosures of the 256 leaves of a bundle."""
        name = Tile(None, bundle).path.removeprefix("tile/entries/")
        return self.root / "disclosures" / quote(tenant, safe="") / name

    def widest(self, tenant: str, tile: Tile) -> tuple[Path, int] | None:
        """The full tile, or the widest partial one that stands there, and its width."""
        full = self.tile(tenant, tile.full)
        if full.exists():
            return full, WIDTH
        partials = full.with_name(f"{full.name}.p")
        widths = [int(p.name) for p in partials.glob("*") if p.name.isdigit()]
        return (partials / str(max(widths)), max(widths)) if widths else None


def covering(start: int, end: int) -> Iterator[Tile]:
    """The bundles and tiles that hold anything of leaves ``start`` to ``end``, as full ones."""
    for index in range(start // WIDTH, (end + WIDTH - 1) // WIDTH):
        yield Tile(None, index)
    for level in levels(end):
        first, last = start >> HEIGHT * level, end >> HEIGHT * level
        for index in range(first // WIDTH, (last + WIDTH - 1) // WIDTH):
            yield Tile(level, index)


def at_size(tile: Tile, size: int) -> Tile | None:
    """The tile as it is in a tree of ``size`` leaves; None if it is empty then."""
    width = min(WIDTH, (size >> HEIGHT * (tile.level or 0)) - tile.start)
    return replace(tile, width=width) if width > 0 else None
