"""quarterdeck statuspage component: what customers know by a name, and how it is."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import WRONG_USE, stop, tell

HERE = "/api/v1/status-page"
FOLLOW = "follow"

commands = typer.Typer(
    add_completion=False,
    help="Components: what customers know by a name, and how it is.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Tenant = Annotated[str, typer.Option(help="Whose; default: the platform's.")]
Name = Annotated[str, typer.Argument(metavar="COMPONENT", help="Its name.")]


@commands.command()
def add(
    context: typer.Context,
    name: Name,
    *,
    title: Annotated[str | None, typer.Option(help="What customers call it.")] = None,
    group: Annotated[str | None, typer.Option(help="Those of one stand together.")] = None,
    description: Annotated[str | None, typer.Option(help="What it is, for customers.")] = None,
    position: Annotated[int | None, typer.Option(help="Lower stands higher.")] = None,
    follows: Annotated[
        str | None,
        typer.Option("--follows", metavar="ENVIRONMENT/SERVICE", help="Empty: set by hand."),
    ] = None,
    tenant: Tenant = "_platform",
    as_json: flags.AsJson = False,
) -> None:
    """Enter a component, or change what is said of it; the rest stays."""
    said: dict[str, Any] = {
        "title": title,
        "group": group,
        "description": description,
        "position": position,
        **(_followed(follows) if follows is not None else {}),
    }
    given = {key: value for key, value in said.items() if value is not None}
    with told():
        client = client_of(context)
        found = client.get(f"{HERE}/{quote(tenant, safe='')}/components")["components"]
        old: dict[str, Any] = next((one for one in found if one["name"] == name), {})
        kept = {key: old[key] for key in SPEC if key in old}
        version = old.get("version", 0)
        path = f"{_path(tenant, name)}?expected_version={version}"
        done = client.put(path, {"title": name} | kept | given)
    words = f"component {name} is at version {done['version']}: {how(done)}"
    tell(words, done, as_json=as_json)


SPEC = ("title", "group", "description", "position", "environment", "service")


@commands.command("set")
def put(
    context: typer.Context,
    name: Name,
    status: Annotated[
        str,
        typer.Argument(
            help="operational, degraded_performance, partial_outage, major_outage, "
            "under_maintenance; or follow: as its service is."
        ),
    ],
    *,
    tenant: Tenant = "_platform",
    as_json: flags.AsJson = False,
) -> None:
    """Say how a component is, or have it follow its service again."""
    said = None if status == FOLLOW else status
    with told():
        done = client_of(context).put(f"{_path(tenant, name)}/status", {"status": said})
    tell(f"component {name}: {how(done)}", done, as_json=as_json)


@commands.command()
def remove(
    context: typer.Context,
    name: Name,
    *,
    tenant: Tenant = "_platform",
    yes: flags.Yes = False,
    as_json: flags.AsJson = False,
) -> None:
    """Take a component off the page, its history with it."""
    if not yes:
        typer.confirm(f"Remove component {name} and its history?", abort=True, err=True)
    with told():
        client_of(context).delete(_path(tenant, name))
    tell(f"component {name} is removed", {"component": name}, as_json=as_json)


def how(one: dict[str, Any]) -> str:
    """How a component is, in words for a terminal."""
    word = one["status"] or "not known"
    reason = f" ({one['reason']})" if one["reason"] else ""
    return f"{word}{reason}{', by hand' if one['said'] else ''}"


def _followed(said: str) -> dict[str, str]:
    environment, _, service = said.partition("/")
    if said and not (environment and service):
        stop(f"--follows {said}: expected ENVIRONMENT/SERVICE, as prod/checkout", WRONG_USE)
    return {"environment": environment, "service": service}


def _path(tenant: str, name: str) -> str:
    return f"{HERE}/{quote(tenant, safe='')}/components/{quote(name, safe='')}"
