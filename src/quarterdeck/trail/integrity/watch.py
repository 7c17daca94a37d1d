"""Continuous verification: the tail at each beat, everything in turn, one segment at a time.

What is found opens an investigation, which freezes purge and export and tells TamperDetected;
ingest goes on, and what comes is in quarantine until the investigation ends.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Engine

from quarterdeck.kernel.clock import Clock, micros
from quarterdeck.kernel.db import reading, writing
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.work import Actor, Tenants, Work, begin
from quarterdeck.trail.freeze import service as freezes
from quarterdeck.trail.integrity.metrics import DAMAGE, DAMAGED, RECORDS, SEGMENTS
from quarterdeck.trail.integrity.model import Finding
from quarterdeck.trail.integrity.storage import scans
from quarterdeck.trail.integrity.storage.scans import Watched
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.note import text_of
from quarterdeck.trail.log import purges
from quarterdeck.trail.log.model import Checkpoint, Head, Log, LogDamaged
from quarterdeck.trail.log.ports import Reader, Removal
from quarterdeck.trail.log.sealed import lost
from quarterdeck.trail.log.storage import leaves, purged
from quarterdeck.trail.proof import tiles
from quarterdeck.trail.proof.tiles import WIDTH
from quarterdeck.trail.proof.tree import root_hash
from quarterdeck.trail.segments.ports import SegmentStore
from quarterdeck.trail.segments.storage import sql as segments
from quarterdeck.trail.segments.storage import verdicts
from quarterdeck.trail.segments.trial import Sources, judge

WATCH = Actor("quarterdeck", frozenset())
BUDGET = 16_384
"""Records that one beat hashes at most of a log's tail, and as many of the rest."""

KEPT_EVERY_S = 600
MAX_PAGE = 501


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """Checks every log, a part at a time."""

    engine: Engine
    keys: KeyStore
    reader: Reader
    clock: Clock
    store: SegmentStore | None = None
    removal: Removal | None = None
    budget: int = BUDGET

    def beat(self) -> int:
        """Check a part of each log; how many new findings."""
        with reading(self.engine) as db:
            logs = leaves.every(db)
        return sum(self._watch(log) for log in logs)

    def _watch(self, log: Log) -> int:
        try:
            signed = self.reader.checkpoint(log.tenant)
        except LogDamaged as error:
            return self._tell(log.tenant, [Finding("checkpoint", str(error))])
        if signed is None:
            return 0
        mine = Tenants(frozenset({log.tenant}))
        with reading(self.engine) as db:
            (before,) = scans.of_tenants(db, mine) or [Watched(log=log.tenant)]
        after, findings = self._checked(before, signed)
        DAMAGE.inc(len(findings))
        after, more = self._segment(after, mine)
        self._keep(before, replace(after, at=micros(self.clock())), signed, mine)
        return self._tell(log.tenant, [*findings, *more])

    def _checked(self, before: Watched, signed: Checkpoint) -> tuple[Watched, list[Finding]]:
        try:
            if findings := list(self._head(before, signed)):
                return before, findings
            head = Head.parse(text_of(signed.note))
            size = min(before.size + self.budget, head.size)
            findings = list(self._range(before.log, before.size, size))
            after = (
                before
                if findings
                else replace(before, size=size, root=self._root(before.log, size))
            )
            end = min(before.position + self.budget, before.size)
            findings += self._range(before.log, before.position, end)
        except LogDamaged as error:
            return before, [Finding("log", str(error))]
        done = end >= before.size
        rounds = before.rounds + (done and before.size > 0)
        return replace(after, position=0 if done else end, rounds=rounds), findings

    def _head(self, before: Watched, signed: Checkpoint) -> Iterator[Finding]:
        head = Head.parse(text_of(signed.note))
        if not any(key.verifier.signed(signed.note) for key in self.keys.ring(before.log)):
            yield Finding("checkpoint", "signed by no key of this log")
        if head.size < before.size:
            yield Finding(
                "checkpoint", f"rolled back: {head.size} entries, {before.size} seen before"
            )
        elif self._root(before.log, before.size) != before.root:
            yield Finding(
                "checkpoint", f"forked: its first {before.size} entries are not those seen before"
            )
        elif self._root(before.log, head.size) != head.root:
            yield Finding("checkpoint", "its root is not that of the stored tiles")

    def _range(self, log: str, start: int, end: int) -> Iterator[Finding]:
        """Whole bundles, so that the tile above says whether the entry or its hash is wrong."""
        for at in range(start - start % WIDTH, end, WIDTH):
            count = min(WIDTH, end - at)
            hashes = self.reader.hashes(log, 0, at, count)
            entries = self.reader.entries(log, at, count)
            RECORDS.inc(len(entries))
            found = purges.leaf_hashes(at, entries, hashes, self._naming(log))
            above = self.reader.hashes(log, 1, at // WIDTH, 1) if count == WIDTH else []
            yield from _differences(at, count, found, hashes, above)
            yield from self._sealed(log, at, entries)

    def _sealed(self, log: str, start: int, entries: Sequence[bytes]) -> Iterator[Finding]:
        """Fields that a record commits to and of which nothing is stored any more."""
        if self.removal is None:
            return
        for index, count in lost(self.reader, self.removal, log, start, entries):
            yield Finding(f"entry {index}", f"{count} of its sealed fields are gone")

    def _naming(self, log: str) -> purges.Naming:
        return purged.naming(self.engine, self.reader, log)

    def _root(self, log: str, size: int) -> bytes:
        return tiles.root(lambda *at: self.reader.hashes(log, *at), size)

    def _segment(self, watched: Watched, mine: Tenants) -> tuple[Watched, list[Finding]]:
        if self.store is None:
            return watched, []
        after = replace(watched, segment=watched.segment + 1)
        try:
            with reading(self.engine) as db:
                found = segments.one(db, mine, watched.log, watched.segment)
                before = segments.one(db, mine, watched.log, watched.segment - 1)
        except LogDamaged as error:
            where = f"segment {watched.log}-{watched.segment:06}"
            return after, [Finding(where, str(error))]
        if found is None or not found.stored:
            return replace(watched, segment=0), []
        places = Sources(reader=self.reader, store=self.store, naming=self._naming(watched.log))
        trial = judge(found, before, places, self.keys.ring(watched.log))
        place = (watched.log, watched.segment)
        with writing(self.engine) as db:
            verdicts.put(db, mine, place, trial.verdict, micros(self.clock()))
        wrong = [
            Finding(f"segment {found.manifest.id}", f"{result.name}: {words}")
            for result in trial.verdict.results
            for words in result.found[:1]
        ]
        SEGMENTS.inc()
        DAMAGED.inc(bool(wrong))
        return after, wrong

    def _keep(self, before: Watched, after: Watched, signed: Checkpoint, mine: Tenants) -> None:
        due = after.at // 1_000_000 // KEPT_EVERY_S != before.at // 1_000_000 // KEPT_EVERY_S
        with writing(self.engine) as db:
            scans.put(db, mine, after)
            if due:
                scans.keep(db, after.log, signed)

    def _tell(self, tenant: str, findings: Sequence[Finding]) -> int:
        if not findings:
            return 0
        size = self.reader.size(tenant)
        with begin(self.engine, WATCH, self.clock) as work:
            told = [freezes.detected(work, tenant, one.where, one.what, size) for one in findings]
        return sum(one is not None for one in told)


def watched(work: Work) -> list[Watched]:
    """How far the logs that the actor may see were checked."""
    return scans.of_tenants(work.db, work.tenants("trail:verify"))


def checkpoints(
    work: Work, tenant: str, before: int | None = None, limit: int = 50
) -> list[Checkpoint]:
    """Checkpoints that were kept of a tenant's log, newest first: one in ten minutes."""
    mine = work.require("trail:read", tenant)
    if not 1 <= limit <= MAX_PAGE:
        raise Invalid(f"limit must be 1 to {MAX_PAGE}, got {limit}")
    return scans.history(work.db, mine, tenant, before, limit)


def _differences(
    start: int,
    count: int,
    found: Sequence[bytes],
    hashes: Sequence[bytes],
    above: Sequence[bytes],
) -> Iterator[Finding]:
    if len(found) < count:
        yield Finding(f"entry {start + len(found)}", "missing")
        return
    if found != hashes:
        place = next(
            (n for n, pair in enumerate(zip(found, hashes, strict=False)) if pair[0] != pair[1]),
            len(hashes),
        )
        tile_wrong = bool(above) and root_hash(found) == above[0]
        where = tiles.Tile(0, start // WIDTH).path if tile_wrong else f"entry {start + place}"
        yield Finding(where, "altered")
    elif above and root_hash(found) != above[0]:
        yield Finding(tiles.Tile(None, start // WIDTH).path, "altered, and its hashes with it")
