"""Which of what a log shows is true: trust flows from the signed root down.

The root proves the tiles at the right edge, each of their hashes a tile below, and so on to
the entries. Where a tile is damaged, the hashes computed from the entries may prove
themselves in its place, and the other way round; so what is wrong is found and named.
"""

from collections.abc import Iterator, Sequence
from itertools import product

from quarterdeck.trail.integrity.evidence import Bundle, Evidence, Maybe, re_read, stored_hashes
from quarterdeck.trail.integrity.model import Finding, Read
from quarterdeck.trail.log.model import Head
from quarterdeck.trail.proof import tiles
from quarterdeck.trail.proof.tiles import HEIGHT, WIDTH
from quarterdeck.trail.proof.tree import join, peaks, root_hash

Trusted = dict[int, Maybe]
"""For each tile level above 0, the hashes that are proven; None where none is."""

Stored = dict[int, tuple[list[bytes] | None, str]]
"""The tiles of a level by index: their hashes, or None and why they cannot be read."""


def judge(read: Read, evidence: Evidence, head: Head) -> tuple[list[Finding], Trusted]:
    """What is wrong with the contents, and what could be proven."""
    stored = {level: _stored(read, level, head.size) for level in tiles.levels(head.size)}
    edge = _true_edge(evidence, stored, head)
    if edge is None:
        return [_NEITHER, *_disagreements(evidence)], {}
    trusted: Trusted = {}
    findings: list[Finding] = []
    for level in reversed(tiles.levels(head.size)[1:]):
        above = trusted.get(level + 1, [])
        full = [h for i in range(len(above)) for h in _proven(evidence, stored, level, i, above[i])]
        trusted[level] = [*full, *edge[level]]
        findings += _wrong_tiles(stored[level], trusted[level], level, head.size)
    findings += _wrong_bundles(read, evidence, trusted.get(1, []))
    if evidence.edge is not None:
        findings += _judge_bundle(evidence.edge, edge[0])
    return findings, trusted


def root_at(evidence: Evidence, trusted: Trusted, size: int) -> bytes | None:
    """The root of the first ``size`` entries; None if damage keeps it from being known."""
    hashes: list[bytes] = []
    for height, index in peaks(0, size):
        level, inside = divmod(height, HEIGHT)
        start, count = index << inside, 1 << inside
        known = trusted.get(level, []) if level else evidence.kept.get(start // WIDTH, [])
        first = start if level else start % WIDTH
        part = [h for h in known[first : first + count] if h is not None]
        if len(part) != count:
            return None
        hashes.append(root_hash(part))
    return join(hashes)


_NEITHER = Finding("checkpoint", "its root matches neither the entries nor the tiles")


def _stored(read: Read, level: int, size: int) -> Stored:
    # Full tiles of level 0 were read beside their entries.
    wanted = (t for t in tiles.tiles(level, size) if level or t.width < WIDTH)
    return {tile.index: stored_hashes(read, tile) for tile in wanted}


def _true_edge(
    evidence: Evidence, stored: dict[int, Stored], head: Head
) -> dict[int, list[bytes]] | None:
    """The partial tiles that lead to the signed root, by level: computed or stored, any mix."""
    choices = [list(_edges(evidence, stored[level], level)) for level in stored]
    for choice in product(*choices):
        roots = [part for hashes in reversed(choice) for part in _peaks(hashes)]
        if join(roots) == head.root:
            return dict(zip(stored, choice, strict=True))
    return None


def _edges(evidence: Evidence, stored: Stored, level: int) -> Iterator[list[bytes]]:
    whole, width = divmod(evidence.size >> HEIGHT * level, WIDTH)
    computed: Sequence[bytes | None] = (
        evidence.levels[level][whole * WIDTH :]
        if level
        else (evidence.edge.hashes if evidence.edge else [])
    )
    known = [h for h in computed if h is not None]
    if len(known) == width:
        yield known
    found, _ = stored.get(whole, (None, "")) if width else (None, "")
    if found is not None and found != known:
        yield found


def _peaks(hashes: Sequence[bytes]) -> list[bytes]:
    return [root_hash(hashes[i << h : (i + 1) << h]) for h, i in peaks(0, len(hashes))]


def _proven(
    evidence: Evidence,
    stored: dict[int, Stored],
    level: int,
    index: int,
    root: bytes | None,
) -> Maybe:
    computed = evidence.levels[level][index * WIDTH : (index + 1) * WIDTH]
    found, _ = stored[level][index]
    known = _first_with(root, computed, found)
    return [None] * WIDTH if known is None else [*known]


def _first_with(
    root: bytes | None, *candidates: Sequence[bytes | None] | None
) -> list[bytes] | None:
    for hashes in candidates:
        known = [h for h in hashes or () if h is not None]
        if len(known) == WIDTH and root_hash(known) == root:
            return known
    return None


def _wrong_tiles(stored: Stored, right: Maybe, level: int, size: int) -> Iterator[Finding]:
    for tile in tiles.tiles(level, size):
        found, fault = stored[tile.index]
        wanted = right[tile.start : tile.start + tile.width]
        if found is None:
            yield Finding(tile.path, fault)
        elif found != wanted:
            yield Finding(tile.path, _altered_hashes(found, wanted))


def _wrong_bundles(read: Read, evidence: Evidence, roots: Maybe) -> Iterator[Finding]:
    for index, root in enumerate(roots):
        if index not in evidence.odd and evidence.levels[1][index] == root:
            continue
        bundle = evidence.odd.get(index) or re_read(read, index)
        whole = None if bundle.fault else bundle.hashes
        yield from _judge_bundle(bundle, _first_with(root, whole, bundle.stored))


def _judge_bundle(bundle: Bundle, right: Sequence[bytes] | None) -> Iterator[Finding]:
    """What is wrong with a bundle and its tile; ``right`` are the true leaf hashes, if known."""
    if bundle.fault:
        yield Finding(bundle.tile.path, bundle.fault)
    if bundle.stored is None:
        yield Finding(bundle.hash_tile.path, bundle.stored_fault)
    if right is None:
        last = bundle.tile.start + bundle.tile.width - 1
        yield Finding(
            bundle.tile.path,
            f"entries {bundle.tile.start} to {last} are not those committed to, "
            f"and {bundle.hash_tile.path} does not say which",
        )
        return
    for place, (is_, ought) in enumerate(zip(bundle.hashes, right, strict=False)):
        if is_ != ought:
            yield Finding(f"entry {bundle.tile.start + place}", _altered_entry(bundle, is_, right))
    if bundle.stored is not None and bundle.stored != right:
        yield Finding(bundle.hash_tile.path, _altered_hashes(bundle.stored, right))


def _altered_entry(bundle: Bundle, found: bytes, right: Sequence[bytes]) -> str:
    if found in right:
        return f"altered: it is what entry {bundle.tile.start + right.index(found)} was"
    return "altered"


def _altered_hashes(found: Sequence[bytes], right: Sequence[bytes | None]) -> str:
    places = [i for i, (a, b) in enumerate(zip(found, right, strict=True)) if a != b]
    return f"altered: {len(places)} of its hashes, the first at {places[0]}"


def _disagreements(evidence: Evidence) -> Iterator[Finding]:
    bundles = [*evidence.odd.values(), *([evidence.edge] if evidence.edge else [])]
    for bundle in bundles:
        if bundle.odd:
            yield from _judge_bundle(bundle, bundle.stored)
