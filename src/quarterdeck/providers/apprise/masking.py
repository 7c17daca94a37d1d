"""Words without what is secret in an address. Pure."""

import re
from collections.abc import Iterator
from urllib.parse import unquote_plus, urlsplit

LEAST, LONG = 4, 8
"""A shorter part of an address is nobody's secret; a long one is hidden within words, too."""

MASK = "***"
BETWEEN = re.compile(r"[/?&=:@,;#+\s]+")


def masked(words: str, url: str, *, keeps_host: bool) -> str:
    """``words`` in which no part of ``url`` stands. ``keeps_host``: but its host, and port.

    Nor does the whole as Apprise abbreviates it, ``mailto://a...z:p...d@h...t``.
    """
    schema = url.partition("://")[0]
    words = re.sub(rf"\b{re.escape(schema)}://\S+", f"{schema}://{MASK}", words)
    kept = _host(url) if keeps_host else frozenset()
    for part in sorted(set(_parts(url)) - kept, key=len, reverse=True):
        edge = "" if len(part) >= LONG else r"(?![0-9A-Za-z])"
        words = re.sub(edge.replace("?!", "?<!") + re.escape(part) + edge, MASK, words)
    return words


def _parts(url: str) -> Iterator[str]:
    rest = url.partition("://")[2]
    for said in (rest, unquote_plus(rest)):
        for part in (said, *BETWEEN.split(said)):
            if len(part) >= LEAST:
                yield from (part, unquote_plus(part))


def _host(url: str) -> frozenset[str]:
    try:
        parts = urlsplit(url)
        return frozenset({parts.hostname or "", str(parts.port or "")})
    except ValueError:
        return frozenset()
