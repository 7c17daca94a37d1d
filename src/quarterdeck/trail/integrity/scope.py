"""The scope of a loss: what the log, the segment store and the projections have, compared."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial

from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.trail.log import purges
from quarterdeck.trail.log.model import LogDamaged
from quarterdeck.trail.log.ports import Reader, Removal
from quarterdeck.trail.log.purges import Naming
from quarterdeck.trail.log.record import RecordUnreadable, members, received_at
from quarterdeck.trail.log.sealed import lost
from quarterdeck.trail.log.storage import leaves, purged
from quarterdeck.trail.proof import tiles
from quarterdeck.trail.proof.tiles import WIDTH, Malformed
from quarterdeck.trail.segments.model import Manifest, prefix
from quarterdeck.trail.segments.ports import SegmentStore
from quarterdeck.trail.segments.storage import sql as segments

LISTED = 1000

Listed = Callable[[Tenants, str], Mapping[str, tuple[int, set[int]]]]
"""Of a tenant: by projection, how far it has come, and the indexes of its records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where records are."""

    reader: Reader
    store: SegmentStore | None
    listed: Listed | None
    removal: Removal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Records of a log that one place lacks.

    Attributes:
        place: ``log``, ``segment store``, ``sealed fields``, or a projection's name.
        from_at, to_at: when the first and the last was received, microseconds; None where
            no place knows.
        types: how many, by type of resource.
        ids: at most 1,000.
    """

    tenant: str
    place: str
    count: int
    first: int
    last: int
    from_at: int | None
    to_at: int | None
    types: Mapping[str, int] = field(default_factory=dict)
    ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a comparison found; ``checked`` records were looked for in each place.

    Attributes:
        purged: of them, those that policy removed, as the log itself says: none is missing.
    """

    checked: int
    missing: Sequence[Missing]
    purged: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """The indexes of a log's records that two places have, and how an entry is found.

    Attributes:
        purged: those that no place need have any more.
        bare: those of which a field they commit to is stored nowhere.
    """

    log: set[int]
    stored: set[int]
    purged: set[int]
    bare: set[int]
    sealed: int
    entry: Callable[[int], bytes | None]


def scope(work: Work, among: Places, tenant: str = "") -> Scope:
    """Compare the places, of one tenant or of all that the actor may verify.

    Reads everything: as long as a full verification.
    """
    tenants = work.require("trail:verify", tenant) if tenant else work.tenants("trail:verify")
    missing: list[Missing] = []
    checked = purged_ = 0
    for log in leaves.of_tenants(work.db, tenants):
        last = segments.last(work.db, tenants, log.tenant)
        size = max(among.reader.size(log.tenant), last.manifest.end if last else 0)
        checked += size
        names = partial(purged.among, work.db, among.reader, log.tenant)
        seen = _seen(among, (log.tenant, size), last.manifest if last else None, names)
        purged_ += len(seen.purged)
        listed = among.listed(tenants, log.tenant) if among.listed else {}
        missing += _missing(log.tenant, size, seen, listed)
    return Scope(checked=checked, missing=missing, purged=purged_)


def _missing(
    tenant: str, size: int, seen: _Seen, listed: Mapping[str, tuple[int, set[int]]]
) -> list[Missing]:
    lacks: dict[str, Iterable[int]] = {
        "log": (n for n in range(size) if n not in seen.log),
        "segment store": (n for n in range(seen.sealed) if n not in seen.stored),
        "sealed fields": sorted(seen.bare),
    }
    for name, (through, indexes) in listed.items():
        lacks[name] = [n for n in range(through) if n not in indexes and n not in seen.purged]
    found = [(place, list(indexes)) for place, indexes in lacks.items()]
    return [_described(tenant, place, indexes, seen) for place, indexes in found if indexes]


def _seen(among: Places, log: tuple[str, int], last: Manifest | None, names: Naming) -> _Seen:
    store, (tenant, size) = among.store, log

    def kept(start: int) -> Sequence[bytes]:
        return () if store is None or last is None else _kept(store, last, start)

    @lru_cache(maxsize=4)
    def both(start: int) -> tuple[Sequence[bytes], Sequence[bytes]]:
        return _entries(among.reader, tenant, start), kept(start)

    def entry(index: int) -> bytes | None:
        inside = index % WIDTH
        found = [one for one in both(index - inside) if len(one) > inside]
        return found[0][inside] if found else None

    standing: set[int] = set()
    stored: set[int] = set()
    gone: set[int] = set()
    bare: set[int] = set()
    sealed = last.end if last and store else 0
    for start in range(0, size, WIDTH):
        live, safe = both(start)
        if not all(live):
            gone.update(purges.covered(start, live, names(start, start + WIDTH)))
        if among.removal is not None:
            found = lost(among.reader, among.removal, tenant, start, live)
            bare.update(index for index, _ in found)
        standing.update(n for n, entry in enumerate(live, start) if entry or n in gone)
        stored.update(n for n, entry in enumerate(safe, start) if entry or n in gone)
    return _Seen(log=standing, stored=stored, purged=gone, bare=bare, sealed=sealed, entry=entry)


def _entries(reader: Reader, tenant: str, start: int) -> Sequence[bytes]:
    try:
        return reader.entries(tenant, start, WIDTH)
    except LogDamaged:
        return ()


def _kept(store: SegmentStore, last: Manifest, start: int) -> Sequence[bytes]:
    width = min(WIDTH, last.end - start)
    if width <= 0:
        return ()
    tile = tiles.Tile(None, start // WIDTH, width)
    found = store.get(f"{prefix(last.retention, last.tenant)}/{tile.path}")
    try:
        return tiles.unpack_entries(found or b"", width)
    except Malformed as error:
        return error.good


def _described(tenant: str, place: str, indexes: Sequence[int], seen: _Seen) -> Missing:
    entries = [entry for entry in map(seen.entry, indexes) if entry is not None]
    times, types, ids = [], Counter[str](), []
    for entry in entries:
        try:
            record = members(entry)
        except RecordUnreadable:
            continue
        times.append(received_at(entry))
        types[str(record["resource"]["type"])] += 1
        ids.append(str(record["id"]))
    return Missing(
        tenant=tenant,
        place=place,
        count=len(indexes),
        first=indexes[0],
        last=indexes[-1],
        from_at=min(times, default=None),
        to_at=max(times, default=None),
        types=types,
        ids=ids[:LISTED],
    )
