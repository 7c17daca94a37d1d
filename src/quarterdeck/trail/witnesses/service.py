"""Being a witness for others' logs, and asking others to witness ours.

A missing quorum is said, and blocks nothing: checkpoints are published all the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Engine

from quarterdeck.kernel.clock import Clock, micros
from quarterdeck.kernel.db import reading, writing
from quarterdeck.kernel.health import Entry, Health
from quarterdeck.kernel.work import Work
from quarterdeck.trail.keys.note import Malformed, Verifier, text_of
from quarterdeck.trail.log.model import Head, MalformedHead
from quarterdeck.trail.log.ports import Reader
from quarterdeck.trail.log.storage import leaves
from quarterdeck.trail.proof import consistency
from quarterdeck.trail.proof.tree import EMPTY_ROOT, BadProof
from quarterdeck.trail.witnesses.cosignature import Cosigner, WitnessKey
from quarterdeck.trail.witnesses.model import (
    Addition,
    CheckpointUnsigned,
    MalformedRequest,
    NotConsistent,
    OriginUnknown,
    WitnessMoved,
)
from quarterdeck.trail.witnesses.ports import Witness, WitnessAway
from quarterdeck.trail.witnesses.storage import sql

TRIES = 2
FRESH_S = 900


def add_checkpoint(
    work: Work, cosigner: Cosigner, logs: Mapping[str, Sequence[Verifier]], body: bytes
) -> str:
    """Cosign a checkpoint that continues what we saw of its log (c2sp.org/tlog-witness).

    Anybody may ask: what is cosigned is signed by the log. ``logs``: trusted keys by origin.

    Raises:
        MalformedRequest, OriginUnknown, CheckpointUnsigned, WitnessMoved, NotConsistent.
    """
    asked = Addition.parse(body)
    head, text = _head(asked.note)
    if head.origin not in logs:
        raise OriginUnknown(f"no log {head.origin} is witnessed here")
    if not any(key.signed(asked.note) for key in logs[head.origin]):
        raise CheckpointUnsigned(f"not signed by a key of {head.origin} that is trusted here")
    if asked.old > head.size:
        raise MalformedRequest(f"old {asked.old} is beyond the checkpoint's {head.size}")
    seen = sql.seen(work.db, head.origin)
    size, root = seen or (0, EMPTY_ROOT)
    if asked.old != size or (size == head.size and root != head.root):
        raise WitnessMoved(size)
    _check_growth(asked, head, root)
    if not sql.see(work.db, head.origin, seen, (head.size, head.root)):
        raise WitnessMoved(size)
    return cosigner.cosign(text, micros(work.now) // 1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Asks witnesses to cosign the newest checkpoint of each log."""

    engine: Engine
    reader: Reader
    clock: Clock
    witnesses: Sequence[Witness]
    _seen: dict[tuple[str, str], int] = field(default_factory=dict)

    def beat(self) -> int:
        """Ask each; how many cosignatures came. Who does not answer is asked again next time."""
        with reading(self.engine) as db:
            logs = [log.tenant for log in leaves.every(db)]
        return sum(self._asked(log, witness) for log in logs for witness in self.witnesses)

    def _asked(self, log: str, witness: Witness) -> bool:
        signed = self.reader.checkpoint(log)
        place = (log, witness.vkey)
        if signed is None or self._seen.get(place) == signed.size:
            return False
        for _ in range(TRIES):
            old = min(self._seen.get(place, 0), signed.size)
            proof = consistency.prove(lambda *at: self.reader.hashes(log, *at), old, signed.size)
            body = Addition(old=old, proof=proof, note=signed.note).encode()
            try:
                answer = witness.add(body)
            except WitnessAway:
                return False
            if isinstance(answer, str):
                self._seen[place] = signed.size
                return self._kept(log, witness, signed.note, answer)
            self._seen[place] = answer
        return False

    def _kept(self, log: str, witness: Witness, note: bytes, line: str) -> bool:
        key = WitnessKey.parse(witness.vkey)
        try:
            at_s = key.cosigned_at(note + line.encode())
        except Malformed:
            at_s = None
        if at_s is None:
            return False
        row = {
            "log": log,
            "witness": witness.vkey,
            "size": Head.parse(text_of(note)).size,
            "note": note,
            "line": line,
            "at": micros(self.clock()),
        }
        with writing(self.engine) as db:
            sql.keep(db, row)
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosigned:
    """How far a witness cosigned a log; ``at``: microseconds since 1970."""

    name: str
    size: int
    at: int


def cosigners(work: Work, log: str) -> list[Cosigned]:
    """Who cosigned a tenant's log, the newest first."""
    work.require("trail:read", log)
    rows = sql.of_log(work.db, log)
    return [Cosigned(name=key.partition("+")[0], size=size, at=at) for key, size, _, _, at in rows]


def cosigned(work: Work, log: str) -> bytes | None:
    """The newest checkpoint that a witness cosigned, with every cosignature on it. Open to all."""
    rows = sql.of_log(work.db, log)
    if not rows:
        return None
    newest = rows[0][2]
    return newest + "".join(line for _, _, note, line, _ in rows if note == newest).encode()


def quorum_health(engine: Engine, witnesses: Sequence[Witness], quorum: int, clock: Clock) -> Entry:
    """Whether enough witnesses on other machines cosigned each log lately."""
    counted = {one.vkey for one in witnesses if one.elsewhere}
    now, short = micros(clock()), []
    with reading(engine) as db:
        for log in leaves.every(db):
            fresh = [
                row
                for row in sql.of_log(db, log.tenant)
                if row[0] in counted and now - row[4] <= FRESH_S * 1_000_000
            ]
            if len(fresh) < quorum:
                short.append(log.tenant)
    here = len(witnesses) - len(counted)
    same = f"; {here} on this machine count for nothing" if here else ""
    if not short:
        words = f"{len(counted)} witnesses, a quorum of {quorum} is there{same}"
        return Entry(status=Health.HEALTHY, description=words)
    words = f"fewer than {quorum} witnesses cosigned {', '.join(short[:5])} lately{same}"
    return Entry(status=Health.DEGRADED, description=words)


def _head(note: bytes) -> tuple[Head, str]:
    try:
        text = text_of(note)
        return Head.parse(text), text
    except (Malformed, MalformedHead) as error:
        raise MalformedRequest(str(error)) from error


def _check_growth(asked: Addition, head: Head, root: bytes) -> None:
    if asked.old == 0:
        if asked.proof:
            raise NotConsistent("from nothing there is no proof")
        return
    try:
        consistency.verify(asked.old, head.size, list(asked.proof), root, head.root)
    except BadProof as error:
        raise NotConsistent(str(error)) from error
