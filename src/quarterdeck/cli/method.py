"""quarterdeck method: how people are reached, and when they are left alone."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import WRONG_USE, show_json, show_table, stop, tell

HERE = "/api/v1/people"
NONE = "it is said of nobody: quarterdeck method set ada@example.com --by mail=ada@example.com"

commands = typer.Typer(
    add_completion=False,
    help="How people are reached, and when they are left alone.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Tenant = Annotated[str, typer.Option(help="Whose; default: the platform's.")]
Person = Annotated[str, typer.Argument(metavar="PERSON", help="Their word in on-call schedules.")]


@commands.command("list")
def show_all(
    context: typer.Context,
    *,
    tenant: Annotated[str | None, typer.Option(help="Only of this tenant.")] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Show how people are reached."""
    with told():
        found = client_of(context).get(HERE, tenant=tenant)["people"]
    if as_json:
        show_json(found)
        return
    rows = [(one["tenant"], one["person"], _ways(one), _quiet(one)) for one in found]
    show_table(("tenant", "person", "by", "quiet"), rows, NONE)


@commands.command("set")
def put(
    context: typer.Context,
    person: Person,
    *,
    by: Annotated[
        list[str],
        typer.Option(metavar="HOW=NAME", help="mail=ADDRESS or channel=NAME; the first is first."),
    ],
    quiet: Annotated[
        str | None, typer.Option(metavar="FROM-TO", help="As 22:00-07:00; not said: none.")
    ] = None,
    zone: Annotated[str, typer.Option(help="Of the quiet hours.")] = "UTC",
    tenant: Tenant = "_platform",
    as_json: flags.AsJson = False,
) -> None:
    """Say how a person is reached, in the place of what was said before."""
    body: dict[str, Any] = {"ways": [_way(one) for one in by]}
    if quiet is not None:
        begins, sign, ends = quiet.partition("-")
        if not sign:
            stop(f"--quiet {quiet}: expected FROM-TO, as 22:00-07:00", WRONG_USE)
        body["quiet"] = {"zone": zone, "begins": begins.strip(), "ends": ends.strip()}
    path = f"{HERE}/{quote(tenant, safe='')}/{quote(person, safe='')}/methods"
    with told():
        done = client_of(context).put(path, body)
    tell(f"methods of {person} are at version {done['version']}", done, as_json=as_json)


@commands.command()
def remove(
    context: typer.Context,
    person: Person,
    *,
    tenant: Tenant = "_platform",
    yes: flags.Yes = False,
    as_json: flags.AsJson = False,
) -> None:
    """Forget how a person is reached."""
    if not yes:
        typer.confirm(f"Forget how {person} is reached?", abort=True, err=True)
    with told():
        path = f"{HERE}/{quote(tenant, safe='')}/{quote(person, safe='')}/methods"
        client_of(context).delete(path)
    tell(f"methods of {person} are forgotten", {"person": person}, as_json=as_json)


def _way(said: str) -> dict[str, str]:
    how, sign, name = said.partition("=")
    if not sign:
        stop(f"--by {said}: expected mail=ADDRESS or channel=NAME", WRONG_USE)
    return {"by": how.strip(), "name": name.strip()}


def _ways(one: dict[str, Any]) -> str:
    return ", ".join(f"{way['by']} {way['name']}" for way in one["ways"])


def _quiet(one: dict[str, Any]) -> str:
    quiet = one["quiet"]
    return f"{quiet['begins']}-{quiet['ends']} {quiet['zone']}" if quiet else ""
