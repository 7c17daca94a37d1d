"""The words of a pipe query, each with its place. Pure."""

import re
from dataclasses import dataclass
from datetime import timedelta

from quarterdeck.operations.logs.model.entry import UnusableQuestion

LONGEST = 4000
UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
TOKEN = re.compile(
    r"""\s*(?:
      (?P<span>\d+(?:\.\d+)?(?:ms|[smhd])(?![A-Za-z0-9_]))
    | (?P<number>\d+(?:\.\d+)?(?![A-Za-z0-9_]))
    | (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<sign>\|(?!\|)|==|!=|=~|<=|>=|[<>=(),*+/-])
    )""",
    re.VERBOSE,
)

Value = str | float | bool | timedelta | None


@dataclass(frozen=True, slots=True)
class Token:
    """A word: its kind, what it says, and where it stands (from 1)."""

    kind: str
    text: str
    place: int

    @property
    def value(self) -> Value:
        """What a literal says."""
        match self.kind:
            case "number":
                return float(self.text)
            case "span":
                return span_of(self.text)
            case "text":
                return re.sub(r"\\(.)", r"\1", self.text[1:-1])
        return None


def tokens(query: str) -> list[Token]:
    """The words of ``query``, and a last one of kind ``end``.

    Raises:
        UnusableQuestion: names the place where no word begins.
    """
    if len(query) > LONGEST:
        raise UnusableQuestion(f"a query has at most {LONGEST} characters")
    found, at = [], 0
    while query[at:].strip():
        match = TOKEN.match(query, at)
        if match is None or match.lastgroup is None:
            place = at + len(query[at:]) - len(query[at:].lstrip()) + 1
            raise UnusableQuestion(f"at {place}: {query[place - 1 :][:20]!r} is no word of a query")
        kind = match.lastgroup
        found.append(Token(kind, match[kind], match.start(kind) + 1))
        at = match.end()
    return [*found, Token("end", "the end", len(query) + 1)]


def span_of(text: str) -> timedelta:
    """A length of time: ``5m``, ``1h``, ``250ms``."""
    unit = text.lstrip("0123456789.")
    try:
        return float(text[: -len(unit)]) * UNITS[unit]
    except OverflowError as error:
        raise UnusableQuestion(f"{text} is longer than time") from error
