"""What Apprise's own log says of a delivery that failed. Pure.

It answers with one bool. Services that speak HTTP log ``error=404``, mail what smtplib says:
``{'ada@example.com': (550, b'no such person')}``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

HTTP = re.compile(r"\berror=([345]\d\d)(?:\d\d)?\b")  # ntfy's codes are those of HTTP, and two more
SMTP = re.compile(r"\(([45]\d\d), b['\"]([^'\"]*)")
AGAIN = (408, 429)
SERVERS = 500
MOST_WORDS = 300
UNSAID = "Apprise did not send it, and does not say why"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the log. ``warns``: it is for people; else it only tells more."""

    text: str
    warns: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Why it was not taken, and whether it may help to try again."""

    status: int | None
    error: str
    again: bool


def judged(lines: Sequence[Line]) -> Verdict:
    """What the log of a delivery that failed comes to; nothing that is known helps: try again."""
    said = list(dict.fromkeys(one.text for one in lines if one.warns))
    words = "; ".join(said) or UNSAID
    if found := _first(SMTP, [one.text for one in lines]):
        code = int(found[1])
        # Of mail 5xx is for good, and 4xx for now (RFC 5321, 4.2.1): other than of HTTP.
        return _verdict(code, f"{code}: {found[2]}; {words}", again=code < SERVERS)
    if found := _first(HTTP, said):
        code = int(found[1])
        return _verdict(code, words, again=code >= SERVERS or code in AGAIN)
    return _verdict(None, words, again=True)


def _verdict(status: int | None, words: str, *, again: bool) -> Verdict:
    return Verdict(status=status, error=words[:MOST_WORDS], again=again)


def _first(pattern: re.Pattern[str], texts: Sequence[str]) -> re.Match[str] | None:
    return next((found for text in texts if (found := pattern.search(text))), None)
