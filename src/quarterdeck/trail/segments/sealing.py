"""Sealing: what a checkpoint covers becomes a segment, once it is large or old enough."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import Engine

from quarterdeck.events.trail import SegmentSealed
from quarterdeck.kernel.clock import MICROSECOND, Clock, micros
from quarterdeck.kernel.db import reading, writing
from quarterdeck.kernel.errors import Unavailable
from quarterdeck.kernel.work import Actor, Tenants, begin
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.note import text_of
from quarterdeck.trail.log import purges
from quarterdeck.trail.log.model import Head, Log, LogDamaged
from quarterdeck.trail.log.ports import Reader
from quarterdeck.trail.log.storage import leaves, purged
from quarterdeck.trail.proof import tiles
from quarterdeck.trail.proof.tiles import Tile
from quarterdeck.trail.proof.tree import root_hash
from quarterdeck.trail.segments.model import (
    NONE_BEFORE,
    Manifest,
    Sealing,
    Segment,
    StoreRefused,
    StoreUnavailable,
)
from quarterdeck.trail.segments.ports import SegmentStore
from quarterdeck.trail.segments.storage import sql

SEALER = Actor("quarterdeck", frozenset())


@dataclass(slots=True, kw_only=True)
class Sealer:
    """Seals every log. Any number of processes may try; one number is sealed once."""

    engine: Engine
    keys: KeyStore
    reader: Reader
    store: SegmentStore
    clock: Clock
    sealing: Sealing = field(default_factory=Sealing)

    def beat(self) -> int:
        """Seal what is due; how many segments.

        Raises:
            StoreUnavailable: the store is away; what was not stored is stored with the next.

        and, of the first log that failed, once all others had their turn,
            StoreRefused: something else stands there.
            LogDamaged: what is stored is not what was signed; that range is not sealed.
        """
        with reading(self.engine) as db:
            logs = leaves.every(db)
        sealed, failed = 0, []
        for log in logs:
            try:
                sealed += self._seal(log)
            except StoreUnavailable:
                raise  # it is no other log's turn: each would wait for the store as long
            except (Unavailable, StoreRefused) as error:
                failed.append(error)
        if failed:
            raise failed[0]
        return sealed

    def _seal(self, log: Log) -> int:
        mine = Tenants(frozenset({log.tenant}))
        with reading(self.engine) as db:
            last = sql.last(db, mine, log.tenant)
        if last is not None and not last.stored:
            self._store(last, mine)
        sealed = 0
        while (manifest := self._due(log, last)) is not None:
            self._put(manifest)
            note = self.keys.signer(log.tenant).sign(manifest.text)
            last = Segment(manifest=manifest, note=note)
            if not self._list(last):
                break
            self._store(last, mine)
            sealed += 1
        return sealed

    def _due(self, log: Log, last: Segment | None) -> Manifest | None:
        start = last.manifest.end if last else 0
        signed = self.reader.checkpoint(log.tenant)
        size = signed.size if signed else 0
        end = min(size, start + self.sealing.most)
        if signed is None or end <= start:
            return None
        if end - start < self.sealing.most and not self._old(log, start):
            return None
        manifest = self._manifest(log, last, start, end)
        if end == size and Head.parse(text_of(signed.note)).root != manifest.tree_root:
            raise _damaged(log.tenant, start, end)
        return manifest

    def _old(self, log: Log, start: int) -> bool:
        moment = self.reader.moment(log.tenant, start)
        return (
            moment is not None and micros(self.clock()) - moment >= self.sealing.age // MICROSECOND
        )

    def _manifest(self, log: Log, last: Segment | None, start: int, end: int) -> Manifest:
        hashes = self.reader.hashes(log.tenant, 0, start, end - start)
        if len(hashes) != end - start:
            raise _damaged(log.tenant, start, end)
        return Manifest(
            tenant=log.tenant,
            origin=log.origin,
            number=last.manifest.number + 1 if last else 0,
            start=start,
            end=end,
            root=root_hash(hashes),
            tree_root=tiles.root(lambda *at: self.reader.hashes(log.tenant, *at), end),
            previous=last.digest if last else NONE_BEFORE,
            key_id=self.keys.signer(log.tenant).verifier.id.hex(),
            retention=self.sealing.retention.name,
            first_at=self.reader.moment(log.tenant, start) or 0,
            last_at=self.reader.moment(log.tenant, end - 1) or 0,
            sealed_at=micros(self.clock()),
        )

    def _put(self, manifest: Manifest) -> None:
        until = self.clock() + self.sealing.retention.keep
        for key, content in self._objects(manifest):
            self.store.put(key, content, until)

    def _objects(self, manifest: Manifest) -> Iterator[tuple[str, bytes]]:
        for tile in manifest.resources():
            yield f"{manifest.prefix}/{tile.path}", self._content(manifest, tile)

    def _content(self, manifest: Manifest, tile: Tile) -> bytes:
        tenant = manifest.tenant
        if tile.level is not None:
            found = self.reader.hashes(tenant, tile.level, tile.start, tile.width)
            return tiles.pack_hashes(found)
        # Never lock away for years what contradicts what was signed.
        hashes = self.reader.hashes(tenant, 0, tile.start, tile.width)
        entries = self.reader.entries(tenant, tile.start, tile.width)
        naming = purged.naming(self.engine, self.reader, tenant)
        if purges.leaf_hashes(tile.start, entries, hashes, naming) != hashes:
            raise _damaged(tenant, tile.start, tile.start + tile.width)
        return tiles.pack_entries(entries)

    def _list(self, sealed: Segment) -> bool:
        manifest = sealed.manifest
        with begin(self.engine, SEALER, self.clock) as work:
            if not sql.add(work.db, sealed):
                return False
            work.publish(
                SegmentSealed(
                    tenant=manifest.tenant,
                    segment=manifest.id,
                    start=manifest.start,
                    end=manifest.end,
                    digest=sealed.digest,
                )
            )
        return True

    def _store(self, sealed: Segment, mine: Tenants) -> None:
        """Write the manifest last: it stands in the store only when all it names does."""
        until = self.clock() + self.sealing.retention.keep
        self.store.put(sealed.manifest.key, sealed.note, until)
        with writing(self.engine) as db:
            sql.mark_stored(db, mine, sealed)


def _damaged(tenant: str, start: int, end: int) -> LogDamaged:
    return LogDamaged(
        f"records {start} to {end} of {tenant} are not what was signed; they are not sealed. "
        "Run: quarterdeck trail verify"
    )
