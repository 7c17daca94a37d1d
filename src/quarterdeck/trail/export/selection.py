"""Which records an export holds: read from the log itself, so that no read model can hide one."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from quarterdeck.kernel.db import reading
from quarterdeck.trail.export.model import Export, Picked
from quarterdeck.trail.keys import service as data_keys
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.seal import unseal
from quarterdeck.trail.log import purges
from quarterdeck.trail.log.model import Leaf, LogDamaged
from quarterdeck.trail.log.ports import Reader
from quarterdeck.trail.log.record import RecordUnreadable, members
from quarterdeck.trail.log.storage import purged
from quarterdeck.trail.projections.model import seen
from quarterdeck.trail.query.model import fits
from quarterdeck.trail.query.redaction import view_of

PAGE = 512

Told = Callable[[int, int], None]
"""How far it is: records looked at, of how many. May raise, to stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What exports are read from."""

    engine: Engine
    reader: Reader
    keys: KeyStore


def picked(source: Source, export: Export, told: Told) -> Iterator[Picked]:
    """The records of an export, by index.

    Raises:
        LogDamaged: the log lacks one of the range.
    """
    total = export.end - export.first
    for start in range(export.first, export.end, PAGE):
        told(start - export.first, total)
        count = min(PAGE, export.end - start)
        leaves = source.reader.read(export.tenant, start, count)
        if [leaf.index for leaf in leaves] != list(range(start, start + count)):
            raise LogDamaged(f"{export.tenant}: records from {start} to {start + count} are short")
        yield from _page(source, export, leaves)
    told(total, total)


def purge_records(source: Source, export: Export, wanted: Collection[int]) -> Iterator[Picked]:
    """The purge records at these indices, as far as the export's checkpoint covers them."""
    for index in sorted(wanted):
        if index < export.size:
            (leaf,) = source.reader.read(export.tenant, index, 1)
            yield Picked(index=index, hash=leaf.hash, entry=leaf.entry.decode())


def _page(source: Source, export: Export, leaves: list[Leaf]) -> Iterator[Picked]:
    by = _purged(source, export, leaves)
    found = [one for leaf in leaves if (one := _picked(export, leaf, by)) is not None]
    if not export.disclose:
        yield from found
        return
    with reading(source.engine) as db:
        disclosed = [_disclosed(db, source, export, one) for one in found]
    yield from disclosed


def _purged(source: Source, export: Export, leaves: list[Leaf]) -> Mapping[int, int]:
    """The purge record of each leaf that is gone; raise LogDamaged where none names it."""
    gone = purges.ranges_of(leaf.index for leaf in leaves if not leaf.entry)
    if not gone:
        return {}
    names = purged.naming(source.engine, source.reader, export.tenant)
    found: dict[int, int] = {}
    for start, end, by in purges.pieces(gone, names(gone[0][0], gone[-1][1])):
        if by is None:
            raise LogDamaged(f"{export.tenant}: record {start} was {purges.UNNAMED}")
        found |= dict.fromkeys(range(start, end), by.index)
    return found


def _picked(export: Export, leaf: Leaf, by: Mapping[int, int]) -> Picked | None:
    gone = by.get(leaf.index)
    bare = Picked(index=leaf.index, hash=leaf.hash, purged=gone) if export.complete else None
    if not leaf.entry:
        return bare
    try:
        one = seen(leaf.index, leaf.entry)
    except RecordUnreadable:
        return bare
    if not fits(export.wanted, one):
        return None
    view = view_of(leaf, export.size, export.treat)
    whole = view.record == members(leaf.entry)
    entry = leaf.entry.decode() if whole else None
    return Picked(index=leaf.index, hash=leaf.hash, entry=entry, view=view)


def _disclosed(db: Connection, source: Source, export: Export, one: Picked) -> Picked:
    if one.view is None or one.entry is None:
        return one
    origin, record = source.keys.signer(export.tenant).name, str(one.view.record["id"])
    texts: list[str] = []
    for sealed in source.reader.disclosures(export.tenant, one.index):
        key = data_keys.opened(db, source.keys, export.tenant, sealed.data_key)
        if key is not None:
            text = unseal(key.secret, sealed.sealed, export.tenant, origin, record, sealed.path)
            texts.append(text.decode())
    return Picked(
        index=one.index,
        hash=one.hash,
        entry=one.entry,
        view=one.view,
        disclosures=tuple(sorted(texts)),
    )
