"""Making and checking cosignatures."""

from base64 import b64encode
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from quarterdeck.trail.keys.note import Malformed, decoded, line, lines_of, text_of
from quarterdeck.trail.witnesses.model import COSIGNATURE, cosigned_text, witness_id

ID_BYTES, TIME_BYTES, KEY_BYTES, SIGNATURE_BYTES = 4, 8, 32, 64


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """A witness's name and its 32 public bytes."""

    name: str
    public: bytes

    @classmethod
    def parse(cls, text: str) -> "WitnessKey":
        """Read ``name+hash+key``; raise Malformed unless it is a witness's."""
        try:
            name, key_id, encoded = text.strip().split("+", 2)
            key = decoded(encoded)
        except ValueError as error:
            raise Malformed(f"expected name+hash+key, got {text!r}") from error
        found = cls(name, key[1:])
        if key[:1] != COSIGNATURE or len(key) != 1 + KEY_BYTES or key_id != found.id.hex():
            raise Malformed(f"not the key of a witness, or mistyped: {text!r}")
        return found

    @property
    def id(self) -> bytes:
        return witness_id(self.name, self.public)

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64encode(COSIGNATURE + self.public).decode()}"

    def cosigned_at(self, note: bytes) -> int | None:
        """When it cosigned ``note``, seconds since 1970; None if it did not."""
        for name, signature in lines_of(note):
            if (name, signature[:ID_BYTES]) == (self.name, self.id):
                return self._time(text_of(note), signature[ID_BYTES:])
        return None

    def _time(self, text: str, signature: bytes) -> int | None:
        if len(signature) != TIME_BYTES + SIGNATURE_BYTES:
            return None
        at_s = int.from_bytes(signature[:TIME_BYTES], "big")
        try:
            key = Ed25519PublicKey.from_public_bytes(self.public)
            key.verify(signature[TIME_BYTES:], cosigned_text(text, at_s))
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
