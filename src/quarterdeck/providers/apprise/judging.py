"""What Apprise's own log says of a delivery that failed. Pure.

It answers with one bool. Services that speak HTTP log ``error=404``, mail what smtplib says:
``{'ada@example.com': (550, b'no such person')}``. The message itself is logged, too, as are
answers: a status is believed where it ends a line, or the line is one that tells of a status alone.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

# ntfy's codes are those of HTTP, and two digits more.
HTTP = re.compile(r"\berror=([345]\d\d)(?:\d\d)?\.?$")
RAISED = re.compile(r"Socket Exception: (?=\(\d|\{)")  # by smtplib, in what only tells more
SMTP = re.compile(r"\(([45]\d\d), b(['\"])((?:\\.|(?!\2).)*)\2")
REFUSED = re.compile(r"SMTP recipient .* was refused: ([45]\d\d) b(['\"])(.*)\2")
SENT = "Sent Email to "
AGAIN = (408, 429)
SERVERS = 500
MOST_WORDS = 300
TOOK = "others took it: it is not repeated"
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


def judged(lines: Sequence[Line], hide: Callable[[str], str] = str) -> Verdict:
    """What the log of a delivery that failed comes to; nothing that is known helps: try again.

    ``hide`` takes out of words what nobody may read.
    """
    words = list(dict.fromkeys(hide(one.text) for one in lines if one.warns))
    if of_mail := list(_of_mail(lines)):
        return _mail(of_mail, words, hide, taken=any(map(_says_taken, lines)))
    codes = [int(code) for one in lines if one.warns for code in HTTP.findall(one.text)]
    now = [code for code in codes if code >= SERVERS or code in AGAIN]
    code = next(iter(now or codes), None)
    return _verdict(code, words or [UNSAID], again=bool(now) or code is None)


def _mail(
    said: Sequence[tuple[int, str]],
    words: Sequence[str],
    hide: Callable[[str], str],
    *,
    taken: bool,
) -> Verdict:
    """Of mail 5xx is for good, and 4xx for now (RFC 5321, 4.2.1): other than of HTTP.

    What some took is not repeated: they would be told again and again, for one who is gone.
    """
    # Of several one that may take it later decides, unless nothing is sent later.
    order = said if taken else sorted(said, key=lambda one: one[0] >= SERVERS)
    answers = dict.fromkeys(f"{code}: {hide(text)}" for code, text in order)
    code = order[0][0]
    more = [TOOK] if taken else []
    return _verdict(code, [*answers, *more, *words], again=code < SERVERS and not taken)


def _of_mail(lines: Sequence[Line]) -> Iterator[tuple[int, str]]:
    for one in lines:
        if one.warns and (found := REFUSED.fullmatch(one.text)):
            yield int(found[1]), found[3]
        elif not one.warns and RAISED.match(one.text):
            yield from ((int(code), text) for code, _, text in SMTP.findall(one.text))


def _says_taken(line: Line) -> bool:
    """Of a mail that all refuse nobody is named in a warning."""
    if line.warns:
        return bool(REFUSED.fullmatch(line.text))
    return line.text.startswith(SENT)


def _verdict(status: int | None, words: Sequence[str], *, again: bool) -> Verdict:
    return Verdict(status=status, error="; ".join(words)[:MOST_WORDS], again=again)
