"""What people do with a log. Each function is one use case in one transaction.

Checkpoints and hash tiles are open to all: they show nothing, and let strangers verify.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache, partial
from json import loads
from typing import Any

from quarterdeck.events.trail import FieldsDisclosed
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.work import Work
from quarterdeck.trail.keys import service as data_keys
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.seal import unseal
from quarterdeck.trail.log.disclosure import Disclosure
from quarterdeck.trail.log.model import (
    Checkpoint,
    Inclusion,
    Leaf,
    LeafNotFound,
    LeafPurged,
    Log,
    LogDamaged,
    LogNotFound,
    RecordView,
    Served,
    TileNotFound,
)
from quarterdeck.trail.log.ports import Reader
from quarterdeck.trail.log.record import Class, RecordUnreadable, members
from quarterdeck.trail.log.storage import leaves, sql
from quarterdeck.trail.proof import consistency, tiles
from quarterdeck.trail.proof.tiles import Tile

MAX_PAGE = 501  # one more than a page shows, to know whether another follows
ERASED, MISSING = "erased", "missing"
"""Why a committed field is not shown: its key was destroyed; or, by damage, nothing is stored."""


def logs(work: Work, reader: Reader) -> list[tuple[Log, int]]:
    """The logs that the actor may read, each with the size of its checkpoint."""
    done = sql.sizes(work.db)
    sizes = reader.sizes()
    found = leaves.of_tenants(work.db, work.tenants("trail:read"))
    # A checkpoint may be newer than the sizes that were read before it.
    return [
        (replace(log, size=max(sizes.get(log.tenant, 0), done.get(log.origin, 0))), size)
        for log in found
        for size in (done.get(log.origin, 0),)
    ]


def second_keys(work: Work) -> dict[str, str]:
    """By tenant, of the logs that the actor may read: the ML-DSA-44 key of the checkpoint.

    It stands beside what it cosigned, so that no secret is opened for it.
    """
    return sql.second_keys(work.db, work.tenants("trail:read"))


def checkpoint(work: Work, reader: Reader, tenant: str) -> Checkpoint:
    """The log's last checkpoint; open to all. Raise LogNotFound before the first."""
    found = reader.checkpoint(tenant)
    if found is None:
        _log(work, tenant)
        raise LogNotFound(f"the log of {tenant} has no checkpoint yet; try again in a second")
    return found


def hash_tile(work: Work, reader: Reader, tenant: str, path: str) -> Served:
    """The hash tile at ``path``; open to all. Raise TileNotFound if no checkpoint covers it."""
    size, tile = checkpoint(work, reader, tenant).size, _tile(tenant, path)
    if tile.level is None or tile.start + tile.width > size >> tiles.HEIGHT * tile.level:
        raise TileNotFound(f"the log of {tenant} has no {tile.path}")
    found = reader.hashes(tenant, tile.level, tile.start, tile.width)
    return Served(tiles.pack_hashes(found), whole=len(found) == tile.width)


def entry_bundle(work: Work, reader: Reader, tenant: str, path: str) -> Served:
    """The bundle of entries at ``path``; raise TileNotFound if no checkpoint covers it."""
    work.require("trail:read", tenant)
    tile = _tile(tenant, path)
    if tile.level is not None or tile.start + tile.width > checkpoint(work, reader, tenant).size:
        raise TileNotFound(f"the log of {tenant} has no {tile.path}")
    try:
        found = reader.entries(tenant, tile.start, tile.width)
    except LogDamaged as damaged:
        # Whoever verifies says where the damage is; it needs what stands there, not a refusal.
        found = damaged.good[: tile.width]
    return Served(tiles.pack_entries(found), whole=len(found) == tile.width)


def resource(work: Work, reader: Reader, tenant: str, path: str) -> bytes | None:
    """What stands below the log's URL at ``path``; None if nothing. For verifying in place."""
    if path == "checkpoint":
        return checkpoint(work, reader, tenant).note
    is_bundle = path.startswith(f"tile/{tiles.ENTRIES}/")
    try:
        return (entry_bundle if is_bundle else hash_tile)(work, reader, tenant, path).content
    except TileNotFound:
        return None


def records(
    work: Work, reader: Reader, tenant: str, before: int | None = None, limit: int = 50
) -> list[RecordView]:
    """The newest ``limit`` records below index ``before``, newest first, fields hidden."""
    work.require("trail:read", tenant)
    if not 1 <= limit <= MAX_PAGE:
        raise Invalid(f"limit must be 1 to {MAX_PAGE}, got {limit}")
    _log(work, tenant)
    proven = _proven(reader, tenant)
    size = reader.size(tenant)
    end = size if before is None else min(before, size)
    newest: list[RecordView] = []
    while end > 0 and len(newest) < limit:
        start = max(0, end - limit)
        found = reader.read(tenant, start, end - start)
        newest += [_view(leaf, proven) for leaf in reversed(found) if leaf.entry]
        end = start
    return newest[:limit]


def record(work: Work, reader: Reader, tenant: str, index: int) -> RecordView:
    """One record, committed fields hidden."""
    work.require("trail:read", tenant)
    return _view(_leaf(work, reader, tenant, index), _proven(reader, tenant))


def disclose(work: Work, reader: Reader, keys: KeyStore, tenant: str, index: int) -> RecordView:
    """One record with its committed fields shown. The look itself leaves a leaf."""
    work.require("trail:disclose", tenant)
    view = _view(_leaf(work, reader, tenant, index), _proven(reader, tenant))
    shown, stored = _disclosed(work, reader, keys, view)
    work.publish(
        FieldsDisclosed(
            tenant=tenant, record=str(view.record["id"]), index=index, fields=sorted(shown)
        )
    )
    hidden = {path: c for path, c in view.hidden.items() if path not in shown}
    return RecordView(
        index=view.index,
        leaf_hash=view.leaf_hash,
        proven=view.proven,
        record=view.record,
        payload=view.payload,
        hidden={path: ERASED if path in stored else MISSING for path in hidden},
        disclosed=shown,
    )


def prove_inclusion(work: Work, reader: Reader, tenant: str, index: int) -> Inclusion:
    """The proof that a record is in the log; raise LeafNotFound if no checkpoint covers it."""
    work.require("trail:read", tenant)
    signed = checkpoint(work, reader, tenant)
    if index >= signed.size:
        _leaf(work, reader, tenant, index)
        raise LeafNotFound(f"leaf {index} of {tenant} is not proven yet; try again in a second")
    tree = reader.tree(tenant)
    proof = tuple(tree.prove(index, signed.size))
    leaf = tree.subtree(index, index + 1)
    return Inclusion(index=index, leaf_hash=leaf, proof=proof, checkpoint=signed)


def prove_consistency(work: Work, reader: Reader, tenant: str, old: int, new: int) -> list[bytes]:
    """The proof that the log of size ``new`` begins with that of size ``old``."""
    work.require("trail:read", tenant)
    size = checkpoint(work, reader, tenant).size
    if not 0 <= old <= new <= size:
        raise Invalid(f"sizes must be 0 <= old <= new <= {size}, got {old} and {new}")
    return consistency.prove(_hashes(reader, tenant), old, new)


def _hashes(reader: Reader, tenant: str) -> tiles.Hashes:
    """How the tree is read: by whole tiles, each once; a proof asks for many parts of few."""
    tile = cache(partial(reader.hashes, tenant))

    def read(level: int, start: int, count: int) -> list[bytes]:
        inside = start % tiles.WIDTH
        return tile(level, start - inside, tiles.WIDTH)[inside : inside + count]

    return read


def _tile(tenant: str, path: str) -> Tile:
    try:
        return Tile.parse(path)
    except tiles.Malformed as error:
        raise TileNotFound(f"the log of {tenant} has no {path}: {error}") from error


def _log(work: Work, tenant: str) -> Log:
    found = leaves.one(work.db, tenant)
    if found is None:
        raise LogNotFound(f"no log {tenant}; a log begins with its tenant's first record")
    return found


def _proven(reader: Reader, tenant: str) -> int:
    signed = reader.checkpoint(tenant)
    return signed.size if signed else 0


def _leaf(work: Work, reader: Reader, tenant: str, index: int) -> Leaf:
    _log(work, tenant)
    found = reader.read(tenant, index, 1)
    if not found:
        raise LeafNotFound(f"the log of {tenant} has no leaf {index}")
    if not found[0].entry:
        raise LeafPurged(f"leaf {index} of {tenant} was purged; a retention:purge record names it")
    return found[0]


def _view(leaf: Leaf, proven: int) -> RecordView:
    try:
        record = members(leaf.entry)
    except RecordUnreadable as error:
        words = f"leaf {leaf.index} is not as it was written: {error}"
        raise LogDamaged(f"{words}; run quarterdeck trail verify") from error
    classes: Mapping[str, str] = record["classification"]
    return RecordView(
        index=leaf.index,
        leaf_hash=leaf.hash,
        proven=leaf.index < proven,
        record=record,
        payload=loads(record["payload"] or "null"),
        hidden={path: c for path, c in classes.items() if c != Class.PUBLIC},
    )


def _disclosed(
    work: Work, reader: Reader, keys: KeyStore, view: RecordView
) -> tuple[dict[str, Any], set[str]]:
    """Value by path of what can be shown; and the paths of all that is stored."""
    tenant, record = str(view.record["tenant"]), str(view.record["id"])
    origin = _log(work, tenant).origin
    shown: dict[str, Any] = {}
    stored = reader.disclosures(tenant, view.index)
    for one in stored:
        key = data_keys.opened(work.db, keys, tenant, one.data_key)
        if key is not None:
            text = unseal(key.secret, one.sealed, tenant, origin, record, one.path)
            shown[one.path] = Disclosure.parse(text.decode()).value
    return shown, {one.path for one in stored}
