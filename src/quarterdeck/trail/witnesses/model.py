"""Cosignatures (c2sp.org/tlog-cosignature, version 1), and what a witness is asked."""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from quarterdeck.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from quarterdeck.trail.proof.tree import HASH_BYTES

COSIGNATURE = b"\x04"
HEADER = "cosignature/v1"
MAX_PROOF = 63


class OriginUnknown(NotFound):
    """The witness does not know the log."""


class CheckpointUnsigned(Forbidden):
    """The checkpoint is signed by no key that the witness trusts for its log."""


class WitnessMoved(Conflict):
    """The witness saw another size last; ``size`` is it."""

    def __init__(self, size: int) -> None:
        super().__init__(f"size {size} was seen last: send a proof from there")
        self.size = size


class NotConsistent(Invalid):
    """The checkpoint does not continue what the witness saw."""


class MalformedRequest(ValueError):
    """Not a request to add a checkpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """A request to cosign: the body of ``add-checkpoint``.

    Attributes:
        old: size that the witness is thought to have seen.
        proof: consistency proof from there.
        note: the checkpoint.
    """

    old: int
    proof: Sequence[bytes]
    note: bytes

    def encode(self) -> bytes:
        """The body."""
        lines = [f"old {self.old}", *(b64encode(one).decode() for one in self.proof)]
        return "".join(f"{line}\n" for line in lines).encode() + b"\n" + self.note

    @classmethod
    def parse(cls, body: bytes) -> "Addition":
        """Read a body; raise MalformedRequest if it is none."""
        head, gap, note = body.partition(b"\n\n")
        first, *proof = head.split(b"\n")
        word, _, size = first.partition(b" ")
        try:
            hashes = [b64decode(one, validate=True) for one in proof]
            old = int(size)
        except ValueError as error:
            raise MalformedRequest("expected: old SIZE, a proof in base64, a checkpoint") from error
        right = word == b"old" and gap and str(old).encode() == size and len(hashes) <= MAX_PROOF
        found = cls(old=old, proof=hashes, note=note)
        if not right or any(len(one) != HASH_BYTES for one in hashes) or found.encode() != body:
            raise MalformedRequest("expected: old SIZE, at most 63 hashes, a checkpoint")
        return found


def cosigned_text(text: str, at_s: int) -> bytes:
    """What a cosignature is over: ``text`` is the checkpoint's, ``at_s`` seconds since 1970."""
    return f"{HEADER}\ntime {at_s}\n{text}".encode()
