"""Sealing secrets: AES-256-GCM, bound to where they stand."""

import os
from base64 import urlsafe_b64encode
from hashlib import sha256
from hmac import digest

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES, NONCE_BYTES, BLOCK_BYTES = 32, 12, 64
INNER, OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))


class Unsealable(ValueError):
    """Sealed under another key, for another place, or altered since."""


def new_key() -> bytes:
    """A random key of 256 bits."""
    return os.urandom(KEY_BYTES)


def derive(key: bytes, use: str) -> bytes:
    """The key for one ``use``, from a key that is never used itself (HKDF, RFC 5869)."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"quarterdeck {use}".encode()).derive(key)


def seal(key: bytes, secret: bytes, *place: str) -> bytes:
    """``secret`` under ``key``, such that it opens at this ``place`` alone: nonce, then text."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, secret, orjson.dumps(place))


def unseal(key: bytes, sealed: bytes, *place: str) -> bytes:
    """What was sealed; raise Unsealable if it was not with this key, for this place."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], orjson.dumps(place))
    except (InvalidTag, ValueError) as error:
        raise Unsealable(f"cannot be opened at {'/'.join(place)}") from error


def tag(key: bytes, *words: str) -> str:
    """A tag that only holders of ``key`` can make (HMAC-SHA-256, base64url unpadded)."""
    return urlsafe_b64encode(digest(key, orjson.dumps(words), "sha256")).rstrip(b"=").decode()


class Tagger:
    """``tag`` under one key, many times, as 32 bytes. Any thread may call it.

    Its two hashes are begun once (RFC 2104, 4): a tag takes a third of the time.
    """

    def __init__(self, key: bytes) -> None:
        block = (sha256(key).digest() if len(key) > BLOCK_BYTES else key).ljust(BLOCK_BYTES, b"\0")
        self._inner = sha256(block.translate(INNER))
        self._outer = sha256(block.translate(OUTER))

    def tag(self, *words: str) -> bytes:
        """As ``tag``, before base64url."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(orjson.dumps(words))
        outer.update(inner.digest())
        return outer.digest()


class Sealer:
    """``seal`` under one key, many times. Any thread may call it."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, secret: bytes, *place: str, nonce: bytes) -> bytes:
        """As ``seal``, under a ``nonce`` of 12 random bytes that was never used before."""
        return nonce + self._cipher.encrypt(nonce, secret, orjson.dumps(place))


class Opener:
    """``unseal`` under one key, many times. Any thread may call it."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def open(self, sealed: bytes, *place: str) -> bytes:
        """As ``unseal``."""
        try:
            nonce, text = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
            return self._cipher.decrypt(nonce, text, orjson.dumps(place))
        except (InvalidTag, ValueError) as error:
            raise Unsealable(f"cannot be opened at {'/'.join(place)}") from error
