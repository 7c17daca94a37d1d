"""The packs that come with the product, one for each runbook that it was made after."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from quarterdeck.kernel.errors import NotFound
from quarterdeck.packs.linting import findings
from quarterdeck.packs.model import Finding, Pack
from quarterdeck.packs.reading import MANIFEST, Files, files_of, parse

FOLDER = Path(__file__).parent


class NoSuchPack(NotFound):
    """No pack of that name comes with the product."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """A pack that comes with the product, and what lint says of it where nothing stands yet."""

    files: Files
    pack: Pack
    findings: tuple[Finding, ...]


def names() -> list[str]:
    """Those that there are."""
    return sorted(one.parent.name for one in FOLDER.glob(f"*/{MANIFEST}"))


@lru_cache(maxsize=16)  # the files of an installation do not change, and to read one takes a second
def shipped(name: str) -> Shipped:
    """The pack of that name; raise NoSuchPack."""
    if name not in names():
        raise NoSuchPack(f"no pack {name[:80]!r} comes with it; there are {', '.join(names())}")
    files = files_of(FOLDER / name)
    pack = parse(files)
    return Shipped(files=files, pack=pack, findings=tuple(findings(pack)))
