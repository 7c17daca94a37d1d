"""What looks random and depends on names alone: the same seed, the same cloud."""

from hashlib import blake2b


def share(*parts: object) -> float:
    """A number from 0 to 1, without 1, that depends on ``parts`` alone."""
    return draw(*parts) / 2**32


def draw(*parts: object) -> int:
    """A whole number of 32 bits that depends on ``parts`` alone."""
    name = "/".join(map(str, parts)).encode()
    return int.from_bytes(blake2b(name, digest_size=4).digest(), "big")
