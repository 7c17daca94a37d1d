"""Signed notes with Ed25519, as in c2sp.org/signed-note."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
ID_BYTES, TIME_BYTES, KEY_BYTES = 4, 8, 32
MAX_NOTE_BYTES = 1 << 20
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class Malformed(ValueError):
    """Not a signed note, or not a key of one."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """Whose signature to look for: a name, and the 32 bytes of an Ed25519 public key."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        if not self.name or "+" in self.name or self.name.split() != [self.name]:
            raise Malformed(f"a key's name has no spaces and no plus; got {self.name!r}")

    @classmethod
    def parse(cls, text: str) -> Verifier:
        """Read ``name+hash+key``; raise Malformed if it is no such line, or its hash is wrong."""
        return cls(*key_of(text, ED25519, KEY_BYTES, "an Ed25519 key"))

    @property
    def id(self) -> bytes:
        """The four bytes that stand before each of its signatures."""
        return key_id(self.name, ED25519, self.public)

    @property
    def vkey(self) -> str:
        """``name+hash+key``: what to give to whoever shall verify."""
        return key_line(self.name, ED25519, self.public)

    def signed(self, note: bytes) -> bool:
        """Whether this key signed ``note``. Signatures of other keys are ignored.

        Raises:
            Malformed: ``note`` has no signature lines, or they are not of the format.
        """
        text, signatures = _split(note)
        mine = [s for name, s in signatures if (name, s[:ID_BYTES]) == (self.name, self.id)]
        return bool(mine) and all(self._made(s[ID_BYTES:], text) for s in mine)

    def _made(self, signature: bytes, text: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except (InvalidSignature, ValueError):  # not this key's, or not a point of the curve
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """A name, and the 32 secret bytes of an Ed25519 key (its seed, RFC 8032).

    Attributes:
        beside: the keys before this one that still sign what it signs.
    """

    name: str
    seed: bytes = field(repr=False)
    beside: tuple[Signer, ...] = ()

    @property
    def verifier(self) -> Verifier:
        """Its public half."""
        return Verifier(self.name, self._key.public_key().public_bytes_raw())

    def sign(self, text: str) -> bytes:
        """``text``, which ends in a newline, as a note signed by this key and those beside it."""
        if not text.endswith("\n") or CONTROL.search(text):
            raise Malformed("a note's text ends in a newline, and has no other control character")
        lines = [signer.line(text) for signer in (self, *self.beside)]
        return f"{text}\n{''.join(lines)}".encode()

    def line(self, text: str) -> str:
        """The signature line of this key alone."""
        return line(self.name, self.verifier.id + self._key.sign(text.encode()))

    @property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


def key_id(name: str, kind: bytes, public: bytes) -> bytes:
    """The four bytes that stand before each signature of a key (c2sp.org/signed-note)."""
    return sha256(name.encode() + b"\n" + kind + public).digest()[:ID_BYTES]


def key_line(name: str, kind: bytes, public: bytes) -> str:
    """A key as ``name+hash+key``; ``kind``: the byte of its algorithm."""
    said = b64encode(kind + public).decode()
    return f"{name}+{key_id(name, kind, public).hex()}+{said}"


def key_of(text: str, kind: bytes, length: int, what: str) -> tuple[str, bytes]:
    """The name, and the ``length`` public bytes, that a ``key_line`` of this kind says.

    Raises:
        Malformed: it is not ``what``.
    """
    try:
        name, found, encoded = text.strip().split("+", 2)
        key = decoded(encoded)
    except ValueError as error:
        raise Malformed(f"expected name+hash+key, got {text[:80]!r}") from error
    public = key[1:]
    right = (kind, length, key_id(name, kind, public).hex())
    if (key[:1], len(public), found) != right:
        raise Malformed(f"not {what}, or mistyped: {text[:80]!r}")
    return name, public


def cosignature_of(note: bytes, name: str, id_: bytes, length: int) -> tuple[int, bytes] | None:
    """When the key of that name and id says that it cosigned ``note``, and its signature.

    Seconds since 1970, and ``length`` bytes (c2sp.org/tlog-cosignature); None: it has no such
    line. Nothing of it is verified.
    """
    for named, said in lines_of(note):
        if (named, said[:ID_BYTES]) == (name, id_):
            time, signature = said[ID_BYTES : ID_BYTES + TIME_BYTES], said[ID_BYTES + TIME_BYTES :]
            fits = len(signature) == length
            return (int.from_bytes(time, "big"), signature) if fits else None
    return None


def line(name: str, signature: bytes) -> str:
    """A signature line: ``signature`` begins with the key's id."""
    return f"\N{EM DASH} {name} {b64encode(signature).decode()}\n"


def lines_of(note: bytes) -> list[tuple[str, bytes]]:
    """Name, and key id followed by signature, of each line; none of them is verified."""
    return _split(note)[1]


def text_of(note: bytes) -> str:
    """The text of a signed note, its last newline included; raise Malformed if it is none.

    It says nothing before a ``Verifier`` has said that its key signed ``note``.
    """
    return _split(note)[0].decode()


def _split(note: bytes) -> tuple[bytes, list[tuple[str, bytes]]]:
    text, gap, lines = note.rpartition(b"\n\n")
    if not gap or not lines.endswith(b"\n") or len(note) > MAX_NOTE_BYTES:
        raise Malformed("no signatures below the note")
    try:
        if CONTROL.search(note.decode()):
            raise Malformed("a control character in the note")
    except UnicodeDecodeError as error:
        raise Malformed("the note is not UTF-8") from error
    return text + b"\n", [_signature(line) for line in lines[:-1].split(b"\n")]


def decoded(text: str) -> bytes:
    """What ``text`` says in base64; raise ValueError unless it is written in the one way.

    The last letter may hold bits that count for nothing (RFC 4648, 3.5): they must be 0, or
    one signature could be written in several ways.
    """
    found = b64decode(text, validate=True)
    if b64encode(found).decode() != text:
        raise ValueError(f"expected base64 as it is written, got {text[:60]!r}")
    return found


def _signature(line: bytes) -> tuple[str, bytes]:
    """The name, and the key's id followed by the signature, of a line "— name base64"."""
    try:
        dash, name, encoded = line.decode().split(" ")
        signature = decoded(encoded)
    except ValueError as error:
        raise Malformed(f"expected a signature, got {line!r}") from error
    if dash != "\N{EM DASH}" or not name or len(signature) <= ID_BYTES:
        raise Malformed(f"expected a signature, got {line!r}")
    return name, signature
