"""Bodies that come packed by gzip (RFC 1952), as the OpenTelemetry Collector sends them."""

import zlib

from quarterdeck.web import faults

CODINGS = frozenset({"gzip", "x-gzip"})
"""One coding by two names, in any case (RFC 9110, section 8.4.1.3)."""

GZIP_ALONE = zlib.MAX_WBITS | 16
MOST_MEMBERS = 64
"""In one body: each costs a copy of all that is behind it."""


def unpacked(body: bytes, limit: int) -> bytes:
    """What was packed; never more than ``limit`` bytes are made of it, whatever it claims.

    Raises:
        Malformed: it is no whole gzip, or of too many members.
        TooLarge: it is more than that.
    """
    parts: list[bytes] = []
    left = limit
    while body or not parts:
        if len(parts) == MOST_MEMBERS:
            raise faults.Malformed(f"the gzip has more than {MOST_MEMBERS} members")
        part, body = _member(body, left)
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _member(body: bytes, limit: int) -> tuple[bytes, bytes]:
    """The first of the members that a gzip may have, and those behind it."""
    unpacking = zlib.decompressobj(GZIP_ALONE)
    try:
        part = unpacking.decompress(body, limit + 1)
    except zlib.error as error:
        raise faults.Malformed(f"the body is no gzip: {error}") from error
    if len(part) > limit:
        raise faults.TooLarge("the body unpacks to more than is accepted; send it in parts")
    if not unpacking.eof:
        raise faults.Malformed("the body is no whole gzip: it ends too early")
    return part, unpacking.unused_data
