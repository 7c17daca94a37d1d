"""What a committed field is found by: a token of its path and value, under a tenant's key. Pure.

A token is the first 63 bits of HMAC-SHA-256 over path and value, under a key that is derived
from the tenant's root for this alone. Without the key nobody can make one, or try values
against those that stand in rows; who has rows alone sees which fields are equal, and how often.

The value is text, and compared as it is: no case is folded and no letter normalised. A string
is its characters, however they were escaped; a number is its JSON text as it came, so that 42
does not find 42.0; true and false are these words. So the string "42" and the number 42 are
found by one question: nobody who asks need know how a source writes an account's number. Null,
objects and arrays, and what is longer than ``MAX_VALUE``, have no token.
"""

from functools import lru_cache
from hashlib import blake2b
from urllib.parse import unquote

import msgspec

from quarterdeck.trail.keys.seal import Tagger
from quarterdeck.trail.log.disclosure import path_of

USE = "trail field search v1"
MAX_VALUE = 400
TOKEN_BYTES = 8
KEPT_KEYS = 16_384
ROOTS = ("payload", "changes")
NO_SCALAR = (b"{", b"[", b"n")

_disclosure = msgspec.json.Decoder(tuple[str, str, msgspec.Raw])
_string = msgspec.json.Decoder(str)


def token(tagger: Tagger, path: str, value: str) -> int:
    """As it stands in rows: 0 to 2^63 - 1."""
    return int.from_bytes(tagger.tag(path, value)[:TOKEN_BYTES], "big") >> 1


@lru_cache(KEPT_KEYS)
def key_term(data_key: str) -> int:
    """A data key's id, as it stands in rows."""
    made = blake2b(data_key.encode(), digest_size=TOKEN_BYTES, person=b"data key")
    return int.from_bytes(made.digest(), "big") >> 1


def value_of(disclosure: bytes) -> str | None:
    """The value of a disclosure's JSON, as text; None: it has no token."""
    try:
        raw = bytes(_disclosure.decode(disclosure)[2])
        if raw.startswith(NO_SCALAR):
            return None
        value = _string.decode(raw) if raw.startswith(b'"') else raw.decode()
    except msgspec.MsgspecError:  # a lone surrogate, say: no question can hold it
        return None
    return value if len(value) <= MAX_VALUE else None


def asked_path(text: str) -> str | None:
    """A path as records have it, however it is escaped; None: no committed field is there."""
    first, *names = text.split("/")
    if first or not names or names[0] not in ROOTS:
        return None
    return path_of(*(unquote(name).replace("~1", "/").replace("~0", "~") for name in names))
