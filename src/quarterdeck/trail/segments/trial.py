"""Is a segment what was sealed? Three results: its chain, its tree, its signature.

The manifest's root says which of what the log and the store hold is true; what differs from
it is named with the record's index.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from quarterdeck.trail.keys.handover import EMERGENCY
from quarterdeck.trail.keys.ring import SigningKey
from quarterdeck.trail.log import purges
from quarterdeck.trail.log.model import LogDamaged
from quarterdeck.trail.log.ports import Reader
from quarterdeck.trail.log.purges import UNNAMED, Naming
from quarterdeck.trail.proof import tiles
from quarterdeck.trail.proof.tiles import Malformed, Tile
from quarterdeck.trail.proof.tree import join, leaf_hash, node_hash, peaks, root_hash
from quarterdeck.trail.segments.model import (
    CHAIN,
    NONE_BEFORE,
    SIGNATURE,
    TREE,
    Manifest,
    Result,
    Segment,
    SegmentVerdict,
)
from quarterdeck.trail.segments.ports import SegmentStore

EMPTY = leaf_hash(b"")
STORED = ("the segment store", "the segment store's tiles")

Source = Callable[[Tile], Sequence[bytes]]
"""How the leaf hashes of a bundle are known; raises LogDamaged or Malformed, or gives fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where the records of a log's segments stand, and what says that some were purged."""

    reader: Reader
    store: SegmentStore
    naming: Naming


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A verdict, and what it was reached from.

    Attributes:
        leaves: the leaf hashes that lead to the manifest's root; empty where none do.
        before: hashes of the perfect subtrees left of the range, widest first.
    """

    verdict: SegmentVerdict
    leaves: Sequence[bytes]
    before: Sequence[bytes]


def judge(
    segment: Segment,
    previous: Segment | None,
    places: Sources,
    keys: Sequence[SigningKey],
) -> Trial:
    """Check ``segment`` in the log and in the store; ``previous`` is the one before it."""
    manifest = segment.manifest
    gone: list[int] = []
    sources = _sources(places, manifest, gone)
    read = {name: list(_read(manifest, source)) for name, source in sources.items()}
    leaves = next((known for h in read.values() if (known := _led(manifest, h))), [])
    before = _before(places.reader, manifest)
    tree, position = _tree(manifest, read, leaves, before)
    tree += [*_shared(manifest, sources, places.reader), *_interior(manifest, places)]
    results = (
        Result(name=CHAIN, found=tuple(_chain(segment, previous, places.store))),
        Result(name=TREE, found=tuple(tree)),
        Result(name=SIGNATURE, found=tuple(signature(segment, keys))),
    )
    verdict = SegmentVerdict(
        segment=manifest.id,
        results=results,
        checked=manifest.end - manifest.start,
        position=position,
        purged=tuple(purges.told(gone, places.naming)),
    )
    return Trial(verdict=verdict, leaves=leaves, before=before)


def chained(manifest: Manifest, before: Segment | None) -> Iterator[str]:
    """What is wrong with how ``manifest`` follows the segment ``before``."""
    if manifest.number == 0:
        if (manifest.previous, manifest.start) != (NONE_BEFORE, 0):
            yield "the first segment must begin the log, and follow none"
        return
    if before is None:
        yield f"segment {manifest.number - 1}, which it follows, is missing"
        return
    if manifest.previous != before.digest:
        yield (f"it follows a manifest {manifest.previous}, but the one before is {before.digest}")
    if manifest.start != before.manifest.end:
        yield f"it begins at record {manifest.start}, the one before ends at {before.manifest.end}"


def signature(segment: Segment, keys: Sequence[SigningKey]) -> Iterator[str]:
    """What is wrong with who signed it."""
    wanted = segment.manifest.key_id
    place = next((n for n, k in enumerate(keys) if k.verifier.id.hex() == wanted), None)
    if place is None:
        yield f"signed by the key {wanted}, which this log never had"
        return
    if not keys[place].verifier.signed(segment.note):
        yield f"altered: the signature of the key {wanted} is not over this manifest"
    after = keys[place + 1] if place + 1 < len(keys) else None
    if after and after.reason == EMERGENCY and segment.manifest.sealed_at > after.made_at:
        yield f"signed by the key {wanted} after it was revoked"


def root_after(start: int, before: Sequence[bytes], leaves: Sequence[bytes]) -> bytes:
    """The root of a tree whose first ``start`` leaves are the subtrees ``before``."""
    stack = list(zip([height for height, _ in peaks(0, start)], before, strict=True))
    for leaf in leaves:
        height, grown = 0, leaf
        while stack and stack[-1][0] == height:
            grown = node_hash(stack.pop()[1], grown)
            height += 1
        stack.append((height, grown))
    return join([part for _, part in stack])


def _sources(places: Sources, manifest: Manifest, gone: list[int]) -> Mapping[str, Source]:
    """Where leaf hashes are known from; ``gone`` grows by the records the log holds no more."""
    tenant, reader = manifest.tenant, places.reader

    def kept(tile: Tile) -> bytes:
        return places.store.get(f"{manifest.prefix}/{tile.path}") or b""

    def hashes(tile: Tile) -> list[bytes]:
        return reader.hashes(tenant, 0, tile.start, tile.width)

    def kept_hashes(tile: Tile) -> list[bytes]:
        return tiles.unpack_hashes(kept(Tile(0, tile.index, tile.width)), tile.width)

    def entries(tile: Tile) -> list[bytes]:
        found = reader.entries(tenant, tile.start, tile.width)
        gone.extend(n for n, entry in enumerate(found, tile.start) if not entry)
        stored = [] if all(found) else hashes(tile)
        return purges.leaf_hashes(tile.start, found, stored, places.naming)

    def kept_entries(tile: Tile) -> list[bytes]:
        found = tiles.unpack_entries(kept(tile), tile.width)
        stored = [] if all(found) else kept_hashes(tile)
        return purges.leaf_hashes(tile.start, found, stored, places.naming)

    return {
        "the log": entries,
        "the log's tiles": hashes,
        STORED[0]: kept_entries,
        STORED[1]: kept_hashes,
    }


def _read(manifest: Manifest, source: Source) -> Iterator[bytes | None]:
    """The hashes of the range, None where there is none."""
    for tile in manifest.bundles():
        yield from _whole(source, tile)[max(0, manifest.start - tile.start) :]


def _whole(source: Source, tile: Tile) -> list[bytes | None]:
    """The hashes of a bundle, None where there is none."""
    try:
        found: list[bytes | None] = list(source(tile))
    except Malformed as error:
        found = [leaf_hash(entry) for entry in error.good]
    except LogDamaged:
        found = []
    return [*found, *[None] * (tile.width - len(found))]


def _led(manifest: Manifest, hashes: Sequence[bytes | None]) -> list[bytes]:
    """``hashes``, if they are whole and lead to the manifest's root; else none."""
    known = [h for h in hashes if h is not None]
    whole = len(known) == manifest.end - manifest.start
    return known if whole and root_hash(known) == manifest.root else []


def _before(reader: Reader, manifest: Manifest) -> list[bytes]:
    """Read anew, not as ``reader.tree`` remembers it."""

    def read(level: int, start: int, count: int) -> Sequence[bytes]:
        return reader.hashes(manifest.tenant, level, start, count)

    widths = [(i << h, (i + 1) << h) for h, i in peaks(0, manifest.start)]
    return [tiles.subtree(read, start, end) for start, end in widths]


def _tree(
    manifest: Manifest,
    read: Mapping[str, Sequence[bytes | None]],
    leaves: Sequence[bytes],
    before: Sequence[bytes],
) -> tuple[list[str], int | None]:
    if not leaves:
        place = _first_difference(read["the log"], read["the log's tiles"])
        words = "neither the log nor the segment store has records of the manifest's root"
        position = None if place is None else manifest.start + place
        return [words if position is None else f"{words}; see record {position}"], position
    found, places = [], []
    for name, hashes in read.items():
        place = _first_difference(hashes, leaves)
        if place is not None:
            places.append(manifest.start + place)
            found.append(f"record {manifest.start + place} {_fault(hashes[place])} in {name}")
    if root_after(manifest.start, before, leaves) != manifest.tree_root:
        found.append(f"records before {manifest.start} are not those of the manifest's tree root")
    return found, min(places, default=None)


def _shared(manifest: Manifest, sources: Mapping[str, Source], reader: Reader) -> Iterator[str]:
    """What of the segment before is wrong in the store's copy of the bundle that both share."""
    first = next(manifest.bundles())
    count = manifest.start - first.start
    right = reader.hashes(manifest.tenant, 0, first.start, count)
    for name in STORED:
        found = _whole(sources[name], first)[:count]
        place = _first_difference(found, right) if len(right) == count else None
        if place is not None:
            yield f"record {first.start + place} {_fault(found[place])} in {name}"


def _interior(manifest: Manifest, places: Sources) -> Iterator[str]:
    """Tiles above the leaf hashes that the store does not hold as the log does."""
    for tile in manifest.resources():
        if not tile.level:
            continue
        kept = places.store.get(f"{manifest.prefix}/{tile.path}")
        hashes = places.reader.hashes(manifest.tenant, tile.level, tile.start, tile.width)
        if kept is None:
            yield f"{tile.path} is missing in the segment store"
        elif kept != tiles.pack_hashes(hashes):
            yield f"{tile.path} in the segment store is not that of the log"


def _fault(found: bytes | None) -> str:
    if found is None:
        return "is missing"
    return f"was {UNNAMED}:" if found == EMPTY else "is altered"


def _first_difference(one: Sequence[bytes | None], other: Sequence[bytes | None]) -> int | None:
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=True)) if a != b), None)


def _chain(segment: Segment, previous: Segment | None, store: SegmentStore) -> Iterator[str]:
    yield from chained(segment.manifest, previous)
    kept = store.get(segment.manifest.key)
    if kept is None:
        yield "its manifest is missing in the segment store"
    elif kept != segment.note:
        yield "its manifest in the segment store is another than the one listed"
