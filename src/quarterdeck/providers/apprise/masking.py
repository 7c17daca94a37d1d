"""Words without what is secret in an address, and without the message. Pure."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from json import dumps
from urllib.parse import quote, quote_plus, unquote_plus, urlsplit

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
    return _hidden(words, set(_parts(url)) - kept)


def untold(words: str, *texts: str) -> str:
    """``words`` in which no line of ``texts`` stands, no value of one, nor a part of a link.

    Who is told may answer with what they were told, and Apprise logs what they answer.
    """
    return _hidden(words, _written(texts))


@lru_cache(maxsize=1)  # one message has many lines of a log
def _written(texts: tuple[str, ...]) -> frozenset[str]:
    lines = {one.strip() for text in texts for one in text.splitlines()}
    return frozenset(form for line in lines for part in _told(line) for form in _forms(part))


def _hidden(words: str, parts: Iterable[str]) -> str:
    for part in sorted((one for one in parts if one in words), key=len, reverse=True):
        if part in words:  # still: a longer one may have held it
            edge = "" if len(part) >= LONG else r"(?![0-9A-Za-z])"
            words = re.sub(edge.replace("?!", "?<!") + re.escape(part) + edge, MASK, words)
    return words


def _told(line: str) -> Iterator[str]:
    if len(line) >= LEAST:
        yield line
    links = [one for one in line.split() if "://" in one]
    parts = [part for one in links for part in BETWEEN.split(one)]
    for one in (line.partition(": ")[2], *links, *parts):
        if len(one) >= LONG:
            yield one


def _forms(part: str) -> Iterator[str]:
    """As it is, in an address, in JSON, and in what Python shows of bytes."""
    yield from (part, quote(part), quote(part, safe=""), quote_plus(part))
    shown = repr(part.encode(errors="replace"))[2:-1]
    # An apostrophe is shown by how what stands around it is quoted.
    bare = shown.replace("\\'", "'")
    yield from (dumps(part)[1:-1], bare, bare.replace("'", "\\'"))


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
