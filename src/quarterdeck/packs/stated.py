"""What a runbook says, line by line, and what was ruled where two of its lines do not agree.

Neither is applied: policy is. They let the linter hold the policy against its source.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from quarterdeck.kernel.errors import Invalid
from quarterdeck.operations.escalation import spans
from quarterdeck.packs.facts import Fact, Value
from quarterdeck.packs.model import Item, Place
from quarterdeck.packs.promises import PROMISES, Measured

STATEMENTS, RULING = "statements", "ruling"


class Said(msgspec.Struct, forbid_unknown_fields=True):
    """One line: of what, which promise, what it is, and where the runbook has it: ``L249``."""

    of: str
    what: str
    # "is" is a word of Python's own.
    value: str | int | float = msgspec.field(name="is")
    at: str

    def __post_init__(self) -> None:
        """Refuse a promise that nobody knows, and a value that cannot be read."""
        self.read()

    def read(self) -> Value:
        """The value, to be compared; raise Invalid."""
        if self.what not in PROMISES:
            raise Invalid(f"no promise {self.what[:80]!r}; there are {', '.join(PROMISES)}")
        match PROMISES[self.what].by:
            case Measured.TIME:
                return spans.read(str(self.value))
            case Measured.NUMBER:
                return _number(self.value)
            case Measured.WORDS:
                return str(self.value)


class StatementsSpec(msgspec.Struct, forbid_unknown_fields=True):
    """Lines of one subject; ``tenant`` is whose policy they are about."""

    tenant: str
    said: list[Said]


class RulingSpec(msgspec.Struct, forbid_unknown_fields=True):
    """What holds; ``open``: it is known that nothing makes it true yet. Named as its finding."""

    by: str
    open: bool = False


UNAPPLIED: dict[str, type[msgspec.Struct]] = {STATEMENTS: StatementsSpec, RULING: RulingSpec}
"""The kinds that a pack has beside policy."""


def statements(item: Item) -> Iterator[Fact]:
    """What the lines of an item say; the item is of its form."""
    spec = msgspec.convert(dict(item.spec), StatementsSpec)
    for n, one in enumerate(spec.said):
        line = item.at("said", n).line
        yield Fact(
            tenant=spec.tenant,
            of=one.of,
            what=one.what,
            value=one.read(),
            place=Place(file=item.place.file, line=line, source=one.at),
            stated=True,
        )


def form_of(kind: str, spec: Any) -> None:  # noqa: ANN401  whatever YAML can say
    """Refuse what is none of that kind; raise Invalid."""
    try:
        msgspec.convert(dict(spec), UNAPPLIED[kind])
    except msgspec.ValidationError as error:
        raise Invalid(str(error)) from error


def _number(value: str | float) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise Invalid(f"expected a number, got {str(value)[:40]!r}") from error
