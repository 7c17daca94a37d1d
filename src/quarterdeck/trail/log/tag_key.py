"""The keys under which used tags are kept."""

from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256

KEY_BYTES = 16


@lru_cache(maxsize=1024)
def key_of(log: str) -> Callable[[bytes], bytes]:
    """What makes the keys of a log's tags: 16 bytes, evenly spread, apart for each log."""
    begun = sha256(b"%b\0" % log.encode())

    def key(tag: bytes) -> bytes:
        made = begun.copy()
        made.update(tag)
        return made.digest()[:KEY_BYTES]

    return key
