"""quarterdeck environment: where services run, with facts that commands use, and links."""

from pathlib import Path
from typing import Annotated

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.documents import document
from quarterdeck.cli.output import show_json, show_table, tell

ENVIRONMENTS = "/api/v1/environments"

commands = typer.Typer(
    add_completion=False,
    help="Environments: facts and links, usable in commands.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(metavar="TENANT/ENVIRONMENT")]


@commands.command("list")
def show_all(context: typer.Context, *, as_json: flags.AsJson = False) -> None:
    """Show environments."""
    with told():
        found = client_of(context).get(ENVIRONMENTS)["environments"]
    if as_json:
        show_json(found)
        return
    rows = [
        (f"{e['tenant']}/{e['environment']}", e["title"], len(e["facts"]), len(e["links"]))
        for e in found
    ]
    columns = ("environment", "title", "facts", "links")
    show_table(columns, rows, "no environment; quarterdeck environment set describes one")


@commands.command()
def show(context: typer.Context, name: Name, *, as_json: flags.AsJson = False) -> None:
    """Show the facts and links of one environment."""
    with told():
        found = client_of(context).get(f"{ENVIRONMENTS}/{name}")
    if as_json:
        show_json(found)
        return
    rows = [*found["facts"].items(), *((link["title"], link["url"]) for link in found["links"])]
    show_table(("fact or link", "value"), rows, f"nothing is known of {name}")


@commands.command("set")
def describe(
    context: typer.Context,
    name: Name,
    file: Annotated[Path, typer.Option(help="title, facts and links, YAML or JSON.")],
    *,
    as_json: flags.AsJson = False,
) -> None:
    """Say what is known of an environment, instead of what was said before."""
    with told():
        done = client_of(context).put(f"{ENVIRONMENTS}/{name}", document(file))
    tell(f"{name} has {len(done['facts'])} facts", done, as_json=as_json)


@commands.command()
def remove(context: typer.Context, name: Name, *, as_json: flags.AsJson = False) -> None:
    """Remove an environment that has no services any more."""
    with told():
        client_of(context).delete(f"{ENVIRONMENTS}/{name}")
    tell(f"{name} is removed", {"name": name, "removed": True}, as_json=as_json)
