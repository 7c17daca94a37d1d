"""A pipe query: a table, and steps that each make rows of rows. Pure.

``requests | where timestamp > ago(1h) | summarize P95=percentile(duration,95) by
bin(timestamp,5m)``: the part of Kusto's language that the runbooks use.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from quarterdeck.operations.logs.model.tokens import Value

TABLES = ("requests", "traces", "exceptions")
AGGREGATES = {
    "count": 0,
    "countif": 1,
    "dcount": 1,
    "sum": 1,
    "avg": 1,
    "min": 1,
    "max": 1,
    "percentile": 2,
}
"""By name: how many arguments it takes."""

MOST_STEPS, MOST_COLUMNS, MOST_DEPTH = 20, 50, 30


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that stands there."""

    value: Value


@dataclass(frozen=True, slots=True)
class Column:
    """What a row has under a name."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function, or an operator by its sign, of values."""

    name: str
    arguments: tuple["Expression", ...]


Expression = Literal | Column | Call


@dataclass(frozen=True, slots=True)
class Named:
    """An expression under the name of the column that it makes."""

    name: str
    of: Expression


@dataclass(frozen=True, slots=True)
class Where:
    """Keep the rows for which it holds."""

    condition: Expression


@dataclass(frozen=True, slots=True)
class Summarize:
    """One row for each value of ``by``."""

    makes: tuple[Named, ...]
    by: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Project:
    """Only these columns; ``keep``: besides those that are there."""

    makes: tuple[Named, ...]
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """Sort by columns, each falling or rising."""

    by: tuple[tuple[Expression, bool], ...]


@dataclass(frozen=True, slots=True)
class Take:
    """The first so many rows."""

    many: int


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows there are."""


Step = Where | Summarize | Project | Order | Take | Count


@dataclass(frozen=True, slots=True)
class Query:
    """A table and what is done with its rows."""

    table: str
    steps: Sequence[Step]
