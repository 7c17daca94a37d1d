"""quarterdeck card: a few steps for when there is no time to read."""

from pathlib import Path
from typing import Annotated

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import address, client_of, told
from quarterdeck.cli.documents import mapping
from quarterdeck.cli.output import show_json, show_table, tell

HERE = "/api/v1/cards"
NONE = "there is no card: quarterdeck pack apply atp brings five"

commands = typer.Typer(
    add_completion=False,
    help="A few steps for when there is no time to read.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Tenant = Annotated[str, typer.Option(help="Whose; default: the platform's.")]
Name = Annotated[str, typer.Argument(metavar="CARD", help="Its name.")]


@commands.command("list")
def show_all(
    context: typer.Context,
    *,
    tenant: Annotated[str | None, typer.Option(help="Only of this tenant.")] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Show which cards there are."""
    with told():
        found = client_of(context).rows(HERE, "cards", tenant=tenant)
    if as_json:
        show_json(found)
        return
    rows = [(one["tenant"], one["name"], one["title"], one["use"]) for one in found]
    show_table(("tenant", "card", "title", "take it"), rows, NONE)


@commands.command()
def show(
    context: typer.Context,
    name: Name,
    *,
    tenant: Tenant = "_platform",
    as_json: flags.AsJson = False,
) -> None:
    """Show a card: each step, its command, and where to look."""
    with told():
        found = client_of(context).get(_path(tenant, name))
    if as_json:
        show_json(found)
        return
    rows = [
        (str(n), one["text"], "  ".join(filter(None, (one["command"], one["url"]))))
        for n, one in enumerate(found["steps"], 1)
    ]
    show_table(("step", "do", "by"), rows, NONE)


@commands.command("set")
def put(
    context: typer.Context,
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="YAML: title, use, steps.")],
    *,
    tenant: Tenant = "_platform",
    as_json: flags.AsJson = False,
) -> None:
    """Keep the card that a file holds, in place of the one of that name."""
    said = mapping(file, "title, use and steps")
    with told():
        done = client_of(context).put(_path(tenant, name), said)
    tell(f"card {name} is at version {done['version']}", done, as_json=as_json)


@commands.command()
def delete(
    context: typer.Context,
    name: Name,
    *,
    tenant: Tenant = "_platform",
    yes: flags.Yes = False,
    as_json: flags.AsJson = False,
) -> None:
    """Take a card away."""
    if not yes:
        typer.confirm(f"Delete card {name}?", abort=True, err=True)
    with told():
        client_of(context).delete(_path(tenant, name))
    tell(f"card {name} is deleted", {"card": name}, as_json=as_json)


def _path(tenant: str, name: str) -> str:
    return address(HERE, tenant, name)
