"""A second signature on checkpoints that a quantum computer does not forge: ML-DSA-44.

A cosignature as c2sp.org/tlog-cosignature has it (type 0x06, FIPS 204). Its key follows from
the signing key's seed and changes with it: no file more, and none that can be lost apart. The
seed stays a secret though its Ed25519 key be broken: that gives a hash of it.
"""

from __future__ import annotations

import struct
from base64 import b64decode
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from quarterdeck.kernel.errors import Unavailable
from quarterdeck.trail.keys.note import (
    TIME_BYTES,
    Malformed,
    Signer,
    cosignature_of,
    key_id,
    key_line,
    key_of,
    line,
    text_of,
)
from quarterdeck.trail.keys.seal import derive

ML_DSA_44 = b"\x06"
KEY_BYTES, SIGNATURE_BYTES = 1312, 2420
LABEL = b"subtree/v1\n\0"
USE = "ML-DSA-44 cosignature"
LONGEST_TIME = 2**63 - 1


class SecondUnsupported(Unavailable):
    """The cryptographic library of this machine has no ML-DSA-44."""


@dataclass(frozen=True, slots=True)
class SecondKey:
    """Whose cosignature to look for: a name, and the 1312 bytes of an ML-DSA-44 public key."""

    name: str
    public: bytes

    @classmethod
    def parse(cls, text: str) -> SecondKey:
        """Read ``name+hash+key``; raise Malformed unless it is one of ML-DSA-44."""
        return cls(*key_of(text, ML_DSA_44, KEY_BYTES, "an ML-DSA-44 key"))

    @property
    def id(self) -> bytes:
        """The four bytes that stand before each of its cosignatures."""
        return key_id(self.name, ML_DSA_44, self.public)

    @property
    def vkey(self) -> str:
        """``name+hash+key``: what to give to whoever shall verify."""
        return key_line(self.name, ML_DSA_44, self.public)

    def cosigned_at(self, note: bytes) -> int | None:
        """When it cosigned the checkpoint ``note``, seconds since 1970; None: it did not.

        Raises:
            Malformed: ``note`` is no signed note, or its text no checkpoint.
        """
        found = cosignature_of(note, self.name, self.id, SIGNATURE_BYTES)
        if found is None:
            return None
        at_s, signature = found
        try:
            key = MLDSA44PublicKey.from_public_bytes(self.public)
            key.verify(signature, cosigned(self.name, text_of(note), at_s))
        except (InvalidSignature, ValueError):
            return None
        return at_s


@dataclass(frozen=True, slots=True)
class SecondSigner:
    """A name, and the 32 secret bytes of an ML-DSA-44 key (its seed, FIPS 204)."""

    name: str
    seed: bytes = field(repr=False)

    @classmethod
    def of(cls, signer: Signer) -> SecondSigner:
        """What signs beside a log's newest key."""
        return cls(signer.name, derive(signer.seed, USE))

    @property
    def key(self) -> SecondKey:
        """Its public half."""
        return SecondKey(self.name, self._key.public_key().public_bytes_raw())

    def beside(self, note: bytes, at_s: int) -> bytes:
        """The checkpoint ``note`` with a cosignature of ``at_s``, seconds since 1970."""
        signature = self._key.sign(cosigned(self.name, text_of(note), at_s))
        made = line(self.name, self.key.id + at_s.to_bytes(TIME_BYTES, "big") + signature)
        return note + made.encode()

    @property
    def _key(self) -> MLDSA44PrivateKey:
        return MLDSA44PrivateKey.from_seed_bytes(self.seed)


def check_supported() -> None:
    """Sign once, so that what is lacking is said at the start and not in each checkpoint.

    Raises:
        SecondUnsupported: this machine cannot.
    """
    try:
        MLDSA44PrivateKey.from_seed_bytes(bytes(32)).sign(LABEL)
    except UnsupportedAlgorithm as error:
        raise SecondUnsupported(
            f"checkpoint_ml_dsa is set, and cryptography has no ML-DSA-44 here: {error}; its own "
            "wheels have it"
        ) from error


def cosigned(name: str, text: str, at_s: int) -> bytes:
    """What is signed: a checkpoint's three lines, not what extends them.

    Raises:
        Malformed: ``text`` is no checkpoint, or something is too long to be said.
    """
    try:
        origin, size, root = text.split("\n")[:3]
        return b"".join(
            (
                LABEL,
                _short(name.encode()),
                struct.pack(">Q", at_s if at_s <= LONGEST_TIME else -1),
                _short(origin.encode()),
                struct.pack(">QQ", 0, int(size)),
                b64decode(root, validate=True),
            )
        )
    except (ValueError, struct.error) as error:
        raise Malformed(f"no checkpoint that can be cosigned: {error}") from error


def _short(found: bytes) -> bytes:
    return struct.pack("B", len(found)) + found
