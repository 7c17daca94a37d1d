"""quarterdeck incident, updates: tell audiences what is new, and see what became of it."""

from collections.abc import Iterable
from typing import Annotated, Any
from urllib.parse import quote

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import show_json, show_table

HERE = "/api/v1/incidents"
NONE = "no audience was told; quarterdeck incident update INCIDENT TEXT --audience NAME tells one"

Which = Annotated[str, typer.Argument(metavar="INCIDENT", help="Its id, as INC-2026-000123.")]
Text = Annotated[str, typer.Argument(help="What is new.")]
Audiences = Annotated[
    list[str], typer.Option("--audience", help="As quarterdeck audience list; repeat it.")
]
Preview = Annotated[bool, typer.Option("--preview", help="Show it, and send nothing.")]
Row = tuple[str, str, str, str, str]


def register(commands: typer.Typer) -> None:
    """Put them beside the other commands of incidents."""
    commands.command()(update)
    commands.command()(updates)


def update(
    context: typer.Context,
    incident: Which,
    text: Text,
    *,
    audience: Audiences,
    preview: Preview = False,
    as_json: flags.AsJson = False,
) -> None:
    """Tell audiences what is new, each in its own words; with --preview look at them only."""
    said = {"text": text, "audiences": audience}
    with told():
        path = f"{_path(incident)}/preview" if preview else _path(incident)
        found = client_of(context).post(path, said)
    if as_json:
        show_json(found)
    elif preview:
        show_table(("audience", "to", "subject", "text"), _drafted(found["drafts"]), NONE)
    else:
        _show(found["bulletins"])


def updates(context: typer.Context, incident: Which, *, as_json: flags.AsJson = False) -> None:
    """Show what audiences were told of an incident, and what became of each way."""
    with told():
        found = client_of(context).get(_path(incident))
    if as_json:
        show_json(found)
        return
    _show(found["bulletins"])


def _show(bulletins: list[dict[str, Any]]) -> None:
    columns = ("when", "audience", "subject", "address", "became of it")
    show_table(columns, [row for one in bulletins for row in _rows(one)], NONE)


def _rows(one: dict[str, Any]) -> Iterable[Row]:
    for way in one["deliveries"] or [{"address": "", "state": "unsent", "why": "nobody"}]:
        became = f"{way['state']}: {way['why']}" if way["why"] else way["state"]
        yield one["at"], one["title"], one["subject"], way["address"], became


def _drafted(drafts: list[dict[str, Any]]) -> Iterable[tuple[str, str, str, str]]:
    for draft in drafts:
        if draft["refused"]:
            yield draft["title"], "refused", draft["refused"], ""
        for letter in draft["letters"]:
            whom = ", ".join([*letter["to"], *letter["unreached"]])
            yield letter["title"], whom, letter["subject"], letter["text"]


def _path(incident: str) -> str:
    return f"{HERE}/{quote(incident, safe='')}/updates"
