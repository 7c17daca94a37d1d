"""Which series: a metric's name and what its labels must be, written as PromQL writes it. Pure."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import re2
from typing_extensions import override

from quarterdeck.kernel.errors import Invalid
from quarterdeck.operations.metrics.model import LABEL, NAME, Labels

LONGEST = 4096
MATCHER = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*')
UNREADABLE = 'expected NAME or NAME{label="value", other=~"pattern"}'
QUIET = re2.Options()
QUIET.log_errors = False
ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


class UnusableSelector(Invalid):
    """The words do not say which series."""


class Comparison(StrEnum):
    """How a label is compared. Patterns match the whole value."""

    IS = "="
    IS_NOT = "!="
    LIKE = "=~"
    UNLIKE = "!~"


@dataclass(frozen=True, slots=True)
class Matcher:
    """What one label must be; a label that a series lacks is "".

    Raises:
        UnusableSelector: the pattern is none, or one whose match could take for ever.
    """

    label: str
    comparison: Comparison
    value: str

    def __post_init__(self) -> None:
        if not LABEL.fullmatch(self.label):
            raise UnusableSelector(f"{self.label[:80]!r} is no label's name")
        if self.comparison in (Comparison.LIKE, Comparison.UNLIKE):
            pattern(self.value)

    def accepts(self, labels: Labels) -> bool:
        """Whether a series with ``labels`` is meant."""
        found = labels.get(self.label, "")
        if self.comparison in (Comparison.IS, Comparison.IS_NOT):
            return (found == self.value) is (self.comparison is Comparison.IS)
        alike = pattern(self.value).fullmatch(found) is not None
        return alike is (self.comparison is Comparison.LIKE)

    @override
    def __str__(self) -> str:
        quoted = self.value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
        return f'{self.label}{self.comparison}"{quoted}"'


@dataclass(frozen=True, slots=True)
class Selector:
    """The series of one metric that every matcher accepts."""

    name: str
    matchers: tuple[Matcher, ...] = ()

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise UnusableSelector(f"{self.name[:80]!r} is no metric's name")

    def accepts(self, labels: Labels) -> bool:
        """Whether a series of this name with ``labels`` is meant."""
        return all(matcher.accepts(labels) for matcher in self.matchers)

    @override
    def __str__(self) -> str:
        return (
            f"{self.name}{{{', '.join(map(str, self.matchers))}}}" if self.matchers else self.name
        )


def selector(words: str) -> Selector:
    """Read ``NAME{label="value"}``.

    Raises:
        UnusableSelector: says what was expected.
    """
    name, brace, rest = words.strip().partition("{")
    if len(words) > LONGEST:
        raise UnusableSelector(f"a selector has at most {LONGEST} characters")
    if not brace:
        return Selector(name.strip())
    if not rest.endswith("}"):
        raise UnusableSelector(f"{UNREADABLE}, got {words[:80]!r}")
    return Selector(name.strip(), tuple(_matchers(rest[:-1], words)))


def _matchers(inside: str, words: str) -> list[Matcher]:
    found, at = [], 0
    while inside[at:].strip():
        part = MATCHER.match(inside, at)
        if part is None:
            raise UnusableSelector(f"{UNREADABLE}, got {words[:80]!r}")
        value = re.sub(r"\\(.)", lambda m: ESCAPES.get(m[1], m[1]), part[3], flags=re.DOTALL)
        found.append(Matcher(part[1], Comparison(part[2]), value))
        at = part.end()
        if inside[at : at + 1] not in ("", ","):
            raise UnusableSelector(f"{UNREADABLE}, got {words[:80]!r}")
        at += 1
    return found


@lru_cache(maxsize=1024)
def pattern(words: str) -> Any:  # noqa: ANN401  re2 comes without types
    """A compiled pattern. RE2's, as Prometheus': it takes time in proportion to the text.

    Raises:
        UnusableSelector: says what is wrong with it.
    """
    try:
        return re2.compile(words, QUIET)
    except re2.error as error:
        raise UnusableSelector(f"no pattern: {words[:80]!r}: {error}") from error
