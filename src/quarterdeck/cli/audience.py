"""quarterdeck audience: who is told of incidents, and in which words."""

from pathlib import Path
from typing import Annotated, Any

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import address, client_of, told
from quarterdeck.cli.documents import mapping
from quarterdeck.cli.output import show_json, show_table, tell

HERE = "/api/v1/audiences"
NONE = "there is no audience: quarterdeck pack apply atp brings seven"

commands = typer.Typer(
    add_completion=False,
    help="Who is told of incidents, and in which words.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Tenant = Annotated[str, typer.Option(help="Whose; default: the platform's.")]
Name = Annotated[str, typer.Argument(metavar="AUDIENCE", help="Its name.")]


@commands.command("list")
def show_all(
    context: typer.Context,
    *,
    tenant: Annotated[str | None, typer.Option(help="Only of this tenant.")] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Show whom incidents can be told to."""
    with told():
        found = client_of(context).rows(HERE, "audiences", tenant=tenant)
    if as_json:
        show_json(found)
        return
    rows = [(one["tenant"], one["name"], one["title"], _who(one), _when(one)) for one in found]
    show_table(("tenant", "audience", "title", "who", "by itself at"), rows, NONE)


@commands.command()
def show(
    context: typer.Context,
    name: Name,
    *,
    tenant: Tenant = "_platform",
    as_json: flags.AsJson = False,
) -> None:
    """Show an audience: whom it is, when it is told by itself, and its words."""
    with told():
        found = client_of(context).get(_path(tenant, name))
    if as_json:
        show_json(found)
        return
    lines = [("subject", found["subject"]), *(("text", one) for one in found["text"].split("\n"))]
    rows = [("title", found["title"]), ("who", _who(found)), ("by itself at", _when(found))]
    show_table(("what", "says"), [*rows, *lines], NONE)


@commands.command()
def names(context: typer.Context, *, as_json: flags.AsJson = False) -> None:
    """Show what a template may name, and what stands in its place."""
    with told():
        found = client_of(context).get(f"{HERE}/names")
    if as_json:
        show_json(found)
        return
    both = found["customers"] | found["inside"]
    rows = [
        (f"${{{name}}}", means, ", ".join(of for of in found if name in found[of]))
        for name, means in sorted(both.items())
    ]
    show_table(("name", "stands for", "for"), rows, NONE)


@commands.command("set")
def put(
    context: typer.Context,
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="YAML: title, subject, text, whom.")],
    *,
    tenant: Tenant = "_platform",
    as_json: flags.AsJson = False,
) -> None:
    """Keep the audience that a file holds, in place of the one of that name."""
    said = mapping(file, "title, subject, text and whom")
    with told():
        done = client_of(context).put(_path(tenant, name), said)
    tell(f"audience {name} is at version {done['version']}", done, as_json=as_json)


@commands.command()
def delete(
    context: typer.Context,
    name: Name,
    *,
    tenant: Tenant = "_platform",
    yes: flags.Yes = False,
    as_json: flags.AsJson = False,
) -> None:
    """Take an audience away."""
    if not yes:
        typer.confirm(f"Delete audience {name}?", abort=True, err=True)
    with told():
        client_of(context).delete(_path(tenant, name))
    tell(f"audience {name} is deleted", {"audience": name}, as_json=as_json)


def _who(one: dict[str, Any]) -> str:
    """``customers``, or channels and contacts by name."""
    return "customers" if one["customers"] else ", ".join(one["channels"] + one["contacts"])


def _when(one: dict[str, Any]) -> str:
    return ", ".join(one["severities"] + one["flags"])


def _path(tenant: str, name: str) -> str:
    return address(HERE, tenant, name)
