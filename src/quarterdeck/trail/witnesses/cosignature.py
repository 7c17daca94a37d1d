"""Making and checking cosignatures."""

from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from quarterdeck.trail.keys.note import (
    TIME_BYTES,
    cosignature_of,
    key_id,
    key_line,
    key_of,
    line,
    text_of,
)
from quarterdeck.trail.witnesses.model import COSIGNATURE, cosigned_text

KEY_BYTES, SIGNATURE_BYTES = 32, 64


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """A witness's name and its 32 public bytes."""

    name: str
    public: bytes

    @classmethod
    def parse(cls, text: str) -> "WitnessKey":
        """Read ``name+hash+key``; raise Malformed unless it is a witness's."""
        return cls(*key_of(text, COSIGNATURE, KEY_BYTES, "the key of a witness"))

    @property
    def id(self) -> bytes:
        return key_id(self.name, COSIGNATURE, self.public)

    @property
    def vkey(self) -> str:
        return key_line(self.name, COSIGNATURE, self.public)

    def cosigned_at(self, note: bytes) -> int | None:
        """When it cosigned ``note``, seconds since 1970; None if it did not."""
        found = cosignature_of(note, self.name, self.id, SIGNATURE_BYTES)
        if found is None:
            return None
        at_s, signature = found
        try:
            key = Ed25519PublicKey.from_public_bytes(self.public)
            key.verify(signature, cosigned_text(text_of(note), at_s))
        except (InvalidSignature, ValueError):
            return None
        return at_s


@dataclass(frozen=True, slots=True)
class Cosigner:
    """A witness's name and its secret seed."""

    name: str
    seed: bytes = field(repr=False)

    @property
    def key(self) -> WitnessKey:
        """Its public half."""
        return WitnessKey(self.name, self._key.public_key().public_bytes_raw())

    def cosign(self, text: str, at_s: int) -> str:
        """The signature line over the checkpoint ``text``."""
        signature = self._key.sign(cosigned_text(text, at_s))
        return line(self.name, self.key.id + at_s.to_bytes(TIME_BYTES, "big") + signature)

    @property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)
