"""Integration: leaves become a signed tree.

For each log that has grown: the hashes of tiles, the tree's root from its right edge, a
checkpoint; those of all logs are replaced by compare-and-swap in one transaction, and shown
to readers only then. Any number of processes may try at once; one of them wins each step,
and what the others made is the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock

from sqlalchemy import Engine

from quarterdeck.kernel.clock import Clock, micros
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.errors import Unavailable
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.model import KeyUnusable
from quarterdeck.trail.keys.note import Signer, text_of
from quarterdeck.trail.keys.second import SecondSigner
from quarterdeck.trail.log.edge import Edge
from quarterdeck.trail.log.model import Checkpoint, Grown, Head, Log, LogDamaged
from quarterdeck.trail.log.ports import CheckpointStore, Reader, Tiles
from quarterdeck.trail.log.storage import leaves

STEP = 4096
"""Leaves of a log integrated at once: some 8 MB with what they disclose, so that what was read of
the journal to hash them is still kept when bundles are made of it (see ``storage.tail``)."""


@dataclass(slots=True)
class Standing:
    """A log as this integrator left it."""

    edge: Edge
    signed: Checkpoint | None


@dataclass(slots=True, kw_only=True)
class Integrator:
    """Keeps the right edge of each log in memory: a step costs what is new.

    Attributes:
        second: whether an ML-DSA-44 cosignature stands on each checkpoint too.
    """

    engine: Engine
    keys: KeyStore
    checkpoints: CheckpointStore
    clock: Clock
    reader: Reader
    tiles: Tiles
    second: bool = False
    _standing: dict[str, Standing] = field(default_factory=dict)
    _turn: Lock = field(default_factory=Lock)

    def beat(self) -> None:
        """``integrate``, for a pulse: what comes meanwhile waits for the next beat."""
        self.integrate()

    def integrate(self) -> int:
        """Bring the checkpoint of every log up to its size; how many were published.

        Nothing, where another process integrates this installation's files.

        Raises:
            LogDamaged: what is stored is not what was signed; that log is not signed again.
            KeyMissing, KeyUnusable: a log's key is not as it should be.
            All other logs were integrated.
        """
        with self._turn:
            if not self.tiles.mine():
                return 0
            with reading(self.engine) as db:
                logs = {log.tenant: log for log in leaves.every(db)}
            published, wrong = self._steps(logs, dict(self.reader.sizes()))
            self.tiles.settle()
        if wrong is not None:
            raise wrong
        return published

    def _steps(
        self, logs: Mapping[str, Log], sizes: dict[str, int]
    ) -> tuple[int, Unavailable | None]:
        published = 0
        wrong: Unavailable | None = None
        for log in logs.values():
            try:
                self._load(log, sizes.get(log.tenant, 0))
            except Unavailable as error:
                sizes.pop(log.tenant, None)
                wrong = error
        while made := list(self._made(logs, sizes)):
            grown = [step for step in made if isinstance(step, Grown)]
            published += self._publish(grown)
            wrong = next((step for step in made if isinstance(step, Unavailable)), wrong)
        return published, wrong

    def _made(
        self, logs: Mapping[str, Log], sizes: dict[str, int]
    ) -> Iterator[Grown | Unavailable]:
        for tenant, size in list(sizes.items()):
            standing = self._standing.get(tenant)
            if standing is None or standing.edge.size >= size:
                continue
            try:
                yield self._grow(logs[tenant], standing, min(size, standing.edge.size + STEP))
            except Unavailable as error:
                del sizes[tenant]
                self._standing.pop(tenant, None)
                yield error

    def _load(self, log: Log, size: int) -> None:
        """Know the log as it was signed last."""
        if log.tenant in self._standing or not size:
            return
        signed = self.checkpoints.latest(log.origin)
        head = Head.parse(text_of(signed.note)) if signed else None
        if signed is not None and head is not None:
            self._refuse_short(log, size, signed)
            self.tiles.mend(log.tenant, signed.size)
            edge = Edge.of(lambda *at: self.reader.hashes(log.tenant, *at), signed.size)
            if edge.root() != head.root:
                raise _damaged(log, signed)
            self.tiles.show(Grown(log=log.tenant, old=signed, new=signed, hashes=()))
            signed = self._named(log, signed)
        else:
            edge = Edge()
        self._standing[log.tenant] = Standing(edge, signed)

    def _named(self, log: Log, signed: Checkpoint) -> Checkpoint:
        """The checkpoint with its second key, which an older release did not write down."""
        if not self.second or signed.second_vkey:
            return signed
        try:
            key = SecondSigner.of(self.keys.signer(log.tenant)).key
        except Unavailable:  # said when it shall sign
            return signed
        if key.cosigned_at(signed.note) is None:
            return signed
        named = replace(signed, second_vkey=key.vkey)
        return signed if self.checkpoints.advance([(signed, named)]) else named

    def _refuse_short(self, log: Log, size: int, signed: Checkpoint) -> None:
        if size < signed.size:
            raise LogDamaged(
                f"the log of {log.tenant} has {size} leaves, and {signed.size} were signed; "
                "stop writing, and put back what is missing from a backup"
            )

    def _grow(self, log: Log, standing: Standing, size: int) -> Grown:
        signer = _signer(self.keys, log)
        hashes = self._hashes(log, standing.edge.size, size)
        made = tuple(standing.edge.grow(hashes))
        note = signer.sign(Head(log.origin, size, standing.edge.root()).text)
        now = micros(self.clock())
        vkey = ""
        if self.second:
            second = SecondSigner.of(signer)
            note, vkey = second.beside(note, now // 1_000_000), second.key.vkey
        new = Checkpoint(log.origin, size, note, now, vkey)
        return Grown(log=log.tenant, old=standing.signed, new=new, hashes=made)

    def _hashes(self, log: Log, start: int, end: int) -> list[bytes]:
        # Never sign what contradicts what was acknowledged: the entry must still be it.
        found = self.reader.checked(log.tenant, start, end - start)
        if len(found) != end - start:
            raise LogDamaged(
                f"leaves {start} to {end} of {log.tenant} are not what was acknowledged; "
                "stop writing, keep the data, and run: quarterdeck trail verify"
            )
        return found

    def _publish(self, grown: Sequence[Grown]) -> int:
        try:
            return self._published(grown)
        except BaseException:
            # Of these it is not known what is kept, and what is signed: it is looked at anew. Or
            # the next step would grow from an edge whose hashes nobody has.
            for one in grown:
                self._standing.pop(one.log, None)
            raise

    def _published(self, grown: Sequence[Grown]) -> int:
        for one in grown:
            self.tiles.keep(one)
        lost = self.checkpoints.advance([(one.old, one.new) for one in grown])
        for one in grown:
            if one.new.log in lost:  # another integrated it: begin again from what it signed
                del self._standing[one.log]
                continue
            self.tiles.show(one)
            self._standing[one.log].signed = one.new
        return len(grown) - len(lost)


def _signer(keys: KeyStore, log: Log) -> Signer:
    began = keys.began(log.tenant)
    if began.vkey != log.vkey:
        raise KeyUnusable(
            f"the log of {log.tenant} began with the key {log.vkey}, but the key folder holds "
            f"{began.vkey}; put the first back from your key backup"
        )
    return keys.signer(log.tenant)


def _damaged(log: Log, signed: Checkpoint) -> LogDamaged:
    return LogDamaged(
        f"the log of {log.tenant} is not what was signed at size {signed.size}; "
        "stop writing, keep the data, and run: quarterdeck trail verify"
    )
