"""Prepared records for the tests of journals."""

from hashlib import sha256

from quarterdeck.trail.log.model import Prepared, Sealed
from quarterdeck.trail.proof.tree import leaf_hash


def prepared(log: str, name: str, digest: bytes = b"", sealed: int = 0) -> Prepared:
    entry = f'{{"log":"{log}","name":"{name}","filling":"{"x" * 40}"}}'.encode()
    return Prepared(
        log=log,
        record=name,
        entry=entry,
        hash=leaf_hash(entry),
        moment=1_000_000,
        tag=sha256(f"{log} {name}".encode()).digest(),
        digest=digest,
        disclosures=tuple(Sealed(f"/payload/{n}", "key", name.encode()) for n in range(sealed)),
    )


def many(log: str, count: int, first: int = 0) -> list[Prepared]:
    return [prepared(log, str(number)) for number in range(first, first + count)]
