"""The part of the Kusto Query Language that is simulated: its words, and their order.

Source: https://learn.microsoft.com/azure/governance/resource-graph/concepts/query-language.
Understood are ``where``, ``project``, ``extend`` of a column by another, ``order by`` or
``sort by``, ``limit`` or ``take``, ``count`` and ``summarize count() by``.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from quarterdeck.providers.simulator.estate import Json

WORD = re.compile(
    r"""\s*(?:
    (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<name>!?[A-Za-z_$][\w.]*~?)
    |(?P<sign>==|!=|=~|!~|<=|>=|<|>|=|\||\(|\)|,|\[|\])
    )""",
    re.VERBOSE,
)
Test = Callable[[Json], bool]
Compare = Callable[[Any, Any], bool]


class Unparsable(Exception):
    """A query with something in it that is not understood; says what, and where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A word of a query, and where it begins."""

    kind: str
    text: str
    at: int


class Words:
    """The words of a query, one after the other."""

    def __init__(self, query: str) -> None:
        self._words = list(words(query))
        self._next = 0

    def peek(self) -> str:
        """The next word in lower case; empty at the end."""
        return self._words[self._next].text.lower()

    def take(self) -> Token:
        """The next word; it is read with this."""
        token = self._words[self._next]
        self._next = min(self._next + 1, len(self._words) - 1)
        return token

    def met(self, *expected: str) -> bool:
        """Whether the next word is one of ``expected``; it is read if so."""
        if self.peek() not in expected:
            return False
        self.take()
        return True

    def expect(self, expected: str) -> None:
        """Read a word that must be there."""
        if not self.met(expected):
            raise self.unexpected(expected)

    def name(self) -> str:
        """Read the name of a column."""
        token = self.take()
        if token.kind != "name":
            raise Unparsable(f"expected a column at {token.at}, got {token.text!r}")
        return token.text

    def unexpected(self, expected: str) -> Unparsable:
        """The next word is not what should stand there."""
        token = self._words[self._next]
        return Unparsable(f"expected {expected} at {token.at}, got {token.text or 'the end'!r}")


def words(query: str) -> list[Token]:
    """A query cut into words, with an empty one at the end."""
    found, at = [], 0
    query = query.rstrip()
    while at < len(query):
        match = WORD.match(query, at)
        if match is None or match.lastgroup is None:
            raise Unparsable(f"{query[at : at + 20]!r} at {at} cannot be read")
        text = match[match.lastgroup]
        found.append(Token(kind=match.lastgroup, text=text, at=match.start(match.lastgroup)))
        at = match.end()
    return [*found, Token(kind="end", text="", at=at)]


def value(row: Json, path: str) -> Any:  # noqa: ANN401  a column holds anything
    """What stands in a column, or deeper: ``properties.diskState``, ``tags.env``."""
    found: Any = row
    for part in path.split("."):
        if not isinstance(found, dict):
            return None
        found = found.get(part)
    return found


def condition(said: Words) -> Test:
    """What stands after ``where``: conditions with ``and``, ``or`` and parentheses."""
    tests = [conjunction(said)]
    while said.met("or"):
        tests.append(conjunction(said))
    return lambda row: any(test(row) for test in tests)


def conjunction(said: Words) -> Test:
    """Conditions with ``and`` between them."""
    tests = [atom(said)]
    while said.met("and"):
        tests.append(atom(said))
    return lambda row: all(test(row) for test in tests)


def atom(said: Words) -> Test:
    """One condition."""
    if said.met("("):
        inside = condition(said)
        said.expect(")")
        return inside
    if said.peek() in PREDICATES:
        return predicate(said)
    if said.met("tolower"):
        said.expect("(")
        column = said.name()
        said.expect(")")
    else:
        column = said.name()
    return comparison(said, column)


def predicate(said: Words) -> Test:
    """A function of one column that is true or not."""
    wanted = PREDICATES[said.take().text.lower()]
    if said.met("("):
        if said.peek() in PREDICATES:
            inside = predicate(said)
            said.expect(")")
            return lambda row: not inside(row)
        column = said.name()
        said.expect(")")
        return lambda row: bool(value(row, column)) is wanted
    raise said.unexpected("(")


def comparison(said: Words, column: str) -> Test:
    """A column, an operator, and what it is compared with."""
    sign = said.peek()
    if sign not in OPERATORS:
        raise said.unexpected("an operator")
    said.take()
    compare = OPERATORS[sign]
    if not sign.rstrip("~").endswith("in"):
        wanted = literal(said)
        return lambda row: compare(value(row, column), wanted)
    said.expect("(")
    several = [literal(said)]
    while said.met(","):
        several.append(literal(said))
    said.expect(")")
    return lambda row: compare(value(row, column), several)


def literal(said: Words) -> Any:  # noqa: ANN401  text, number or truth
    """A value that is written out."""
    token = said.take()
    if token.kind == "text":
        return re.sub(r"\\(.)", r"\1", token.text[1:-1])
    if token.kind == "number":
        return float(token.text)
    if token.text.lower() in ("true", "false"):
        return token.text.lower() == "true"
    raise Unparsable(f"expected a value at {token.at}, got {token.text or 'the end'!r}")


def low(found: Any) -> str:  # noqa: ANN401  a column holds anything
    """A value as text, without regard to case; nothing is the empty text."""
    return "" if found is None else str(found).lower()


PREDICATES = {"isnotempty": True, "isempty": False, "isnotnull": True, "isnull": False, "not": True}
OPERATORS: dict[str, Compare] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "=~": lambda left, right: low(left) == low(right),
    "!~": lambda left, right: low(left) != low(right),
    "<": lambda left, right: left is not None and left < right,
    ">": lambda left, right: left is not None and left > right,
    "<=": lambda left, right: left is not None and left <= right,
    ">=": lambda left, right: left is not None and left >= right,
    "contains": lambda left, right: low(right) in low(left),
    "!contains": lambda left, right: low(right) not in low(left),
    "has": lambda left, right: low(right) in low(left),
    "startswith": lambda left, right: low(left).startswith(low(right)),
    "endswith": lambda left, right: low(left).endswith(low(right)),
    "in": lambda left, right: left in right,
    "!in": lambda left, right: left not in right,
    "in~": lambda left, right: low(left) in map(low, right),
    "!in~": lambda left, right: low(left) not in map(low, right),
}
