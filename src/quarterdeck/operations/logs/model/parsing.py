"""Reading pipe queries; every refusal says where, and what was expected. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, field

from quarterdeck.operations.logs.model.entry import UnusableQuestion
from quarterdeck.operations.logs.model.pipe import (
    AGGREGATES,
    MOST_COLUMNS,
    MOST_DEPTH,
    MOST_STEPS,
    TABLES,
    Call,
    Column,
    Count,
    Expression,
    Literal,
    Named,
    Order,
    Project,
    Query,
    Step,
    Summarize,
    Take,
    Where,
)
from quarterdeck.operations.logs.model.tokens import Token, tokens

FUNCTIONS = {"ago": 1, "now": 0, "bin": 2, "tostring": 1, "tolower": 1, "isempty": 1, "iff": 3}
COMPARES = ("==", "!=", "=~", "<=", ">=", "<", ">", "contains", "startswith", "endswith", "has")
CONSTANTS = {"true": True, "false": False, "null": None}
MOST_ROWS = 10_000
MOST_SIGNS = 100


def parse(text: str) -> Query:
    """The query that ``text`` says.

    Raises:
        UnusableQuestion: names the place (characters from 1) and what was expected there.
    """
    reader = _Reader(tokens(text))
    query = reader.query()
    reader.expect_end()
    return query


@dataclass(slots=True)
class _Reader:
    words: list[Token]
    at: int = 0
    depth: int = 0
    size: int = 0
    steps: dict[str, Callable[[], Step]] = field(init=False)

    def __post_init__(self) -> None:
        self.steps = {
            "where": lambda: Where(self.condition()),
            "filter": lambda: Where(self.condition()),
            "summarize": self.summarize,
            "project": lambda: Project(self.columns()),
            "extend": lambda: Project(self.columns(), keep=True),
            "order": self.order,
            "sort": self.order,
            "take": self.take,
            "limit": self.take,
            "count": Count,
        }

    @property
    def next(self) -> Token:
        return self.words[self.at]

    def query(self) -> Query:
        table = self.name(f"a table: {', '.join(TABLES)}")
        if table.text not in TABLES:
            raise _unexpected(table, f"a table: {', '.join(TABLES)}")
        steps: list[Step] = []
        while self.took("|"):
            verb = self.name("a step")
            if verb.text not in self.steps:
                raise _unexpected(verb, f"a step: {', '.join(self.steps)}")
            steps.append(self.steps[verb.text]())
            if len(steps) > MOST_STEPS:
                raise _unexpected(verb, f"at most {MOST_STEPS} steps")
        return Query(table.text, steps)

    def expect_end(self) -> None:
        if self.next.kind != "end":
            raise _unexpected(self.next, "| or the end")

    def summarize(self) -> Summarize:
        makes = () if self.next.text == "by" else self.columns(aggregate=True)
        by = self.columns() if self.took("by") else ()
        return Summarize(makes, by)

    def order(self) -> Order:
        self.expect("by")
        found = [self.ordered()]
        while self.took(","):
            found.append(self.ordered())
        return Order(tuple(found))

    def ordered(self) -> tuple[Expression, bool]:
        by = self.expression()
        falls = not self.took("asc")
        if falls:
            self.took("desc")
        return by, falls

    def take(self) -> Take:
        many = self.next
        if many.kind != "number" or not many.text.isdecimal() or int(many.text) > MOST_ROWS:
            raise _unexpected(many, f"a number of rows up to {MOST_ROWS}")
        self.at += 1
        return Take(int(many.text))

    def columns(self, *, aggregate: bool = False) -> tuple[Named, ...]:
        found = [self.column(aggregate=aggregate)]
        while self.took(","):
            found.append(self.column(aggregate=aggregate))
        if len(found) > MOST_COLUMNS:
            raise _unexpected(self.next, f"at most {MOST_COLUMNS} columns")
        return tuple(found)

    def column(self, *, aggregate: bool) -> Named:
        first = self.next
        name = ""
        if first.kind == "name" and self.words[self.at + 1].text == "=":
            name, self.at = first.text, self.at + 2
        of = self.aggregate() if aggregate else self.expression()
        return Named(name or _called(of), of)

    def aggregate(self) -> Expression:
        word = self.name(f"one of {', '.join(AGGREGATES)}")
        if word.text not in AGGREGATES:
            raise _unexpected(word, f"one of {', '.join(AGGREGATES)}")
        call = Call(word.text, self.arguments(word, AGGREGATES[word.text]))
        if word.text == "percentile":
            _check_percentile(word, call.arguments[1])
        return call

    def condition(self) -> Expression:
        return self.expression()

    def expression(self) -> Expression:
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise _unexpected(self.next, f"nesting of at most {MOST_DEPTH}")
        left = self.both()
        while self.took("or"):
            left = self.call("or", left, self.both())
        self.depth -= 1
        return left

    def both(self) -> Expression:
        left = self.compared()
        while self.took("and"):
            left = self.call("and", left, self.compared())
        return left

    def compared(self) -> Expression:
        left = self.sum()
        sign = self.next
        if sign.text in COMPARES and sign.kind in ("sign", "name"):
            self.at += 1
            return Call(sign.text, (left, self.sum()))
        return left

    def sum(self) -> Expression:
        left = self.product()
        while self.next.kind == "sign" and self.next.text in ("+", "-"):
            sign = self.took_any()
            left = self.call(sign, left, self.product())
        return left

    def product(self) -> Expression:
        left = self.atom()
        while self.next.kind == "sign" and self.next.text in ("*", "/"):
            sign = self.took_any()
            left = self.call(sign, left, self.atom())
        return left

    def call(self, sign: str, left: Expression, right: Expression) -> Call:
        # A chain is as deep as it is long for who answers it.
        self.size += 1
        if self.size > MOST_SIGNS:
            raise _unexpected(self.next, f"at most {MOST_SIGNS} operators")
        return Call(sign, (left, right))

    def atom(self) -> Expression:
        word = self.next
        if word.kind in ("number", "span", "text"):
            self.at += 1
            return Literal(word.value)
        if self.took("("):
            inner = self.expression()
            self.expect(")")
            return inner
        word = self.name("a column, a value or a function")
        if word.text == "not":
            return Call("not", self.arguments(word, 1))
        if self.next.text == "(":
            if word.text not in FUNCTIONS:
                raise _unexpected(word, f"a function: {', '.join(FUNCTIONS)}, not")
            return Call(word.text, self.arguments(word, FUNCTIONS[word.text]))
        if word.text in CONSTANTS:
            return Literal(CONSTANTS[word.text])
        return Column(word.text)

    def arguments(self, of: Token, many: int) -> tuple[Expression, ...]:
        self.expect("(")
        found: list[Expression] = []
        while self.next.text != ")":
            found.append(self.expression())
            if not self.took(","):
                break
        self.expect(")")
        if len(found) != many:
            raise _unexpected(of, f"{of.text} of {many} values, not {len(found)}")
        return tuple(found)

    def name(self, expected: str) -> Token:
        word = self.next
        if word.kind != "name":
            raise _unexpected(word, expected)
        self.at += 1
        return word

    def took(self, text: str) -> bool:
        if self.next.text != text or self.next.kind == "text":
            return False
        self.at += 1
        return True

    def took_any(self) -> str:
        self.at += 1
        return self.words[self.at - 1].text

    def expect(self, text: str) -> None:
        if not self.took(text):
            raise _unexpected(self.next, text)


def _check_percentile(word: Token, of: Expression) -> None:
    value = of.value if isinstance(of, Literal) else None
    if not isinstance(value, float) or not 0 <= value <= 100:  # noqa: PLR2004  it is a percentage
        raise _unexpected(word, "a percentile from 0 to 100")


def _called(of: Expression) -> str:
    match of:
        case Column(name):
            return name
        case Call("bin", (Column(name), *_)):
            return name
        case Call(name, (Column(inner), *_)):
            return f"{name}_{inner}"
        case Call("count", ()):
            return "count_"
        case _:
            return "value"


def _unexpected(word: Token, expected: str) -> UnusableQuestion:
    return UnusableQuestion(f"at {word.place}: expected {expected}, got {word.text[:40]}")
