"""How commands speak: data on standard output, words on standard error, exits by meaning."""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from typing import Any, NoReturn

import typer

DONE, FOUND, WRONG_USE, REFUSED, UNAVAILABLE = 0, 1, 2, 3, 4
"""Exit codes: done; found something; wrong use; refused; unavailable."""


QUIET = ContextVar("quiet", default=False)
"""Whether this command was told to say no words. Why it failed is said all the same."""


def say(words: str) -> None:
    """Words for people, on standard error."""
    if not QUIET.get():
        typer.echo(words, err=True)


def stop(words: str, code: int) -> NoReturn:
    """End with ``words`` on standard error."""
    typer.echo(words, err=True)
    raise typer.Exit(code)


def show_json(document: Any) -> None:  # noqa: ANN401  JSON
    """One JSON document on standard output."""
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def show_lines(lines: Iterable[str]) -> None:
    """A list on standard output as it comes, one JSON document a line."""
    for line in lines:
        typer.echo(line)


def tell(words: str, document: Any, *, as_json: bool) -> None:  # noqa: ANN401  JSON
    """What was done: in ``words`` on standard error, or as JSON on standard output."""
    if as_json:
        show_json(document)
    else:
        say(words)


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> None:
    """A table on standard output; without rows, ``empty`` says on standard error what to do.

    Off a terminal the columns are parted by tabs and never cut.
    """
    kept = [[_text(cell) for cell in row] for row in rows]
    if not kept:
        say(empty)
    elif sys.stdout.isatty():
        _rich_table(columns, kept)
    else:
        typer.echo("\n".join("\t".join(row) for row in [[*columns], *kept]))


def _text(cell: object) -> str:
    # Names come from anybody: a line end would break the row, an escape steer the terminal.
    text = "" if cell is None else str(cell)
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(letter: str) -> str:
    return letter if letter.isprintable() else ascii(letter)[1:-1]


def _rich_table(columns: Sequence[str], rows: list[list[str]]) -> None:
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415  50 ms that only tables pay
    from rich.console import Console  # noqa: PLC0415
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(*columns, box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*map(escape, row))
    Console(no_color="NO_COLOR" in os.environ).print(table)
