"""Matchers: which label sets are meant, in the words of Alertmanager.

Read as Alertmanager reads them (matcher/parse of 0.27, then the classic form of before):
``severity="critical"``, ``job=~"api|web"``, ``{"a name with spaces"!="x", b!~'y.*'}``.
A label that is not there is one that is empty. Regular expressions are RE2's and match the
whole value, in time that grows with it and no faster: nobody's pattern stops the platform.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import re2
from typing_extensions import override

from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.text import is_storable

LONGEST = 4096  # of one matcher's value, characters
MOST = 100  # matchers in one list
MEMORY_BYTES = 1 << 20  # of one compiled pattern

CLASSIC = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|!~|!=|=)\s*(.*?)\s*", re.DOTALL)
OPERATOR = re.compile(r"\s*(=~|!~|!=|=)\s*")
BARE = re.compile(r"[^\s{}!=~,\\\"'`]+")
QUOTED = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))", re.DOTALL
)
LETTERS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class BadMatcher(Invalid):
    """A matcher cannot be read."""


class Operator(StrEnum):
    """How a value is compared."""

    EQUAL = "="
    NOT_EQUAL = "!="
    MATCHES = "=~"
    DIFFERS = "!~"


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on one label.

    Raises:
        BadMatcher: no name, a value that is too long, or no regular expression of RE2.
    """

    name: str
    operator: Operator
    value: str

    def __post_init__(self) -> None:
        if not self.name:
            raise BadMatcher("a matcher needs the name of a label")
        if not is_storable(self.name + self.value):
            raise BadMatcher("a matcher has neither NUL nor half a character")
        if len(self.value) > LONGEST:
            raise BadMatcher(f"the value for {self.name[:80]} has more than {LONGEST} characters")
        if self.is_regex:
            compiled(self.value)

    @property
    def is_regex(self) -> bool:
        """Whether the value is a pattern."""
        return self.operator in (Operator.MATCHES, Operator.DIFFERS)

    @property
    def is_equal(self) -> bool:
        """Whether it asks for what matches, not for what does not."""
        return self.operator in (Operator.EQUAL, Operator.MATCHES)

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether a label set fulfils it."""
        value = labels.get(self.name, "")
        if self.is_regex:
            return (compiled(self.value).fullmatch(value) is not None) is self.is_equal
        return (value == self.value) is self.is_equal

    @override
    def __str__(self) -> str:
        name = self.name if BARE.fullmatch(self.name) else _quoted(self.name)
        return f"{name}{self.operator}{_quoted(self.value)}"


Matchers = tuple[Matcher, ...]
"""All of them must hold."""


def all_match(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Whether a label set fulfils every one of ``matchers``."""
    return all(one.matches(labels) for one in matchers)


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> Any:  # noqa: ANN401  re2 has no types
    """A pattern of RE2; raise BadMatcher where it is none, or would be too large."""
    options = re2.Options()
    options.max_mem, options.log_errors = MEMORY_BYTES, False
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeError) as error:
        why = error.args[0] if error.args else error
        words = why.decode(errors="replace") if isinstance(why, bytes) else str(why)
        raise BadMatcher(f"no regular expression (RE2): {pattern[:80]!r}: {words}") from error


def parse(text: str) -> Matchers:
    """The matchers that ``text`` lists, braces or none around them.

    Raises:
        BadMatcher: it cannot be read, or lists none.
    """
    try:
        found = _utf8(text)
    except BadMatcher as error:
        try:
            found = _classic(text)
        except BadMatcher:
            raise error from None
    if len(found) > MOST:
        raise BadMatcher(f"more than {MOST} matchers in one list")
    return found


def parse_all(texts: Sequence[str]) -> Matchers:
    """The matchers of several lists; none for none."""
    return tuple(one for text in texts for one in parse(text))


def _quoted(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + plain.replace("\n", "\\n") + '"'


def _utf8(text: str) -> Matchers:
    body = _bared(text)
    found: list[Matcher] = []
    at = 0
    while at < len(body):
        name, at = _word(body, at)
        operator = OPERATOR.match(body, at)
        if operator is None:
            raise BadMatcher(f"expected one of = != =~ !~ after {name[:80]!r} in {text[:200]!r}")
        value, at = _word(body, operator.end())
        found.append(Matcher(name, Operator(operator[1]), value))
        rest = body[at:].lstrip()
        if rest and rest[0] != ",":
            raise BadMatcher(f"expected a comma at {rest[:40]!r} in {text[:200]!r}")
        at = len(body) - len(rest[1:].lstrip())
    if not found:
        raise BadMatcher("no matcher is given")
    return tuple(found)


def _bared(text: str) -> str:
    body = text.strip()
    if body.startswith("{") != body.endswith("}"):
        raise BadMatcher(f"a brace is missing in {text[:200]!r}")
    return body[1:-1].strip() if body.startswith("{") else body


def _word(body: str, at: int) -> tuple[str, int]:
    found = QUOTED.match(body, at)
    if found is not None:
        return _unescaped(found[1]), found.end()
    bare = BARE.match(body, at)
    if bare is None:
        raise BadMatcher(f"expected a name or a quoted value at {body[at : at + 40]!r}")
    return bare[0], bare.end()


def _unescaped(text: str) -> str:
    """A string of Go, unquoted (strconv.Unquote)."""

    def one(found: re.Match[str]) -> str:
        hexadecimal = found[1] or found[2] or found[3]
        if hexadecimal or found[4]:
            number = int(hexadecimal, 16) if hexadecimal else int(found[4], 8)
            if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF:  # noqa: PLR2004  Unicode's own
                raise BadMatcher(f"no character: {found[0]}")
            return chr(number)
        letter = found[5]
        if letter not in LETTERS and letter not in '"\\':
            raise BadMatcher(f"no escape of a quoted value: {found[0]}")
        return LETTERS.get(letter, letter)

    return ESCAPE.sub(one, text)


def _classic(text: str) -> Matchers:
    """As Alertmanager read them before 0.27 (pkg/labels/parse.go)."""
    body = text.strip().removeprefix("{").removesuffix("}")
    parts = [part for part in _split(body) if part.strip()]
    if not parts:
        raise BadMatcher("no matcher is given")
    return tuple(_classic_one(part) for part in parts)


def _split(body: str) -> list[str]:
    parts, quoted, escaped = [""], False, False
    for letter in body:
        if letter == "," and not quoted:
            parts.append("")
            continue
        quoted = quoted is not (letter == '"' and not escaped)
        escaped = letter == "\\" and not escaped
        parts[-1] += letter
    return parts


def _classic_one(text: str) -> Matcher:
    found = CLASSIC.fullmatch(text)
    if found is None:
        raise BadMatcher(f"bad matcher format: {text[:200]}")
    value = found[3]
    if value[:1] == '"':
        if len(value) < 2 or value[-1] != '"':  # noqa: PLR2004  both quotes
            raise BadMatcher(f"matcher value contains unescaped double quote: {value[:200]}")
        value = value[1:-1]
    plain = value.replace("\\\\", "\0").replace('\\"', "\1")
    if '"' in plain:
        raise BadMatcher(f"matcher value contains unescaped double quote: {found[3][:200]}")
    plain = plain.replace("\\n", "\n").replace("\0", "\\").replace("\1", '"')
    return Matcher(found[1], Operator(found[2]), plain)
