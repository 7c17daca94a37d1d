"""quarterdeck channel: named ways out of a tenant, and whether they work."""

import sys
from typing import Annotated, Any

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import Client, CliProblem, address, client_of, told
from quarterdeck.cli.output import FOUND, WRONG_USE, show_json, show_table, stop, tell

HERE = "/api/v1/channels"
NONE = "there is no channel: quarterdeck channel set NAME --kind slack --secret -"
NOT_THERE = "no channel"
ABOUT = ("tenant", "name", "version", "by", "at", "has_secret", "lacks")

commands = typer.Typer(
    add_completion=False,
    help="Named ways out: mail, Slack, Teams, PagerDuty, webhooks, Jira, Apprise.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Tenant = Annotated[str, typer.Option(help="Whose; default: the platform's.")]
Name = Annotated[str, typer.Argument(metavar="CHANNEL", help="Its name.")]
Many = list[str] | None


@commands.command("list")
def show_all(
    context: typer.Context,
    *,
    tenant: Annotated[str | None, typer.Option(help="Only of this tenant.")] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Show the channels, and what they need."""
    with told():
        found = client_of(context).rows(HERE, "channels", tenant=tenant)
    if as_json:
        show_json(found)
        return
    rows = [
        (one["tenant"], one["name"], one["kind"], _where(one), one["lacks"] or "") for one in found
    ]
    show_table(("tenant", "channel", "kind", "to", "needs"), rows, NONE)


@commands.command()
def show(
    context: typer.Context,
    name: Name,
    *,
    tenant: Tenant = "_platform",
    as_json: flags.AsJson = False,
) -> None:
    """Show a channel; never its secret."""
    with told():
        found = client_of(context).get(_path(tenant, name))
    if as_json:
        show_json(found)
        return
    rows = [
        ("kind", found["kind"]),
        ("to", _where(found)),
        ("secret", "kept" if found["has_secret"] else "none"),
        ("needs", found["lacks"] or ""),
        ("mention", "all, when something is critical" if found["mention"] else "nobody"),
        ("note", found["note"]),
        ("version", found["version"]),
    ]
    show_table(("what", "says"), [row for row in rows if row[1] != ""], NONE)


@commands.command("set")
def put(
    context: typer.Context,
    name: Name,
    *,
    kind: Annotated[
        str | None,
        typer.Option(help="email, slack, slack-rooms, teams, pagerduty, webhook, jira, apprise."),
    ] = None,
    to: Annotated[Many, typer.Option("--to", help="Of email: who gets it; repeat it.")] = None,
    place: Annotated[str | None, typer.Option(help="Where it comes out, as #atp-ops.")] = None,
    url: Annotated[str | None, typer.Option(help="Of webhook and jira: its address.")] = None,
    mention: Annotated[
        bool | None,
        typer.Option("--mention/--no-mention", help="Slack: call all when something is critical?"),
    ] = None,
    note: Annotated[str | None, typer.Option(help="What to know.")] = None,
    secret: Annotated[
        str | None, typer.Option(metavar="-", help="Read its secret from standard input.")
    ] = None,
    tenant: Tenant = "_platform",
    as_json: flags.AsJson = False,
) -> None:
    """Enter a channel, or change it; the rest stays."""
    if secret not in (None, "-"):
        stop("--secret takes - alone, and reads it from standard input", WRONG_USE)
    said = {"kind": kind, "to": to, "place": place, "url": url, "mention": mention, "note": note}
    given = {key: value for key, value in said.items() if value is not None}
    if secret:
        given["secret"] = sys.stdin.readline().strip()
        if not given["secret"]:
            stop("--secret -: standard input has no secret", WRONG_USE)
    with told():
        client = client_of(context)
        spec, version = _standing(client, tenant, name)
        path = f"{_path(tenant, name)}?expected_version={version}"
        done = client.put(path, spec | given)
    words = f"; it {done['lacks']}" if done["lacks"] else ""
    tell(f"channel {name} is at version {done['version']}{words}", done, as_json=as_json)


@commands.command()
def remove(
    context: typer.Context,
    name: Name,
    *,
    tenant: Tenant = "_platform",
    yes: flags.Yes = False,
    as_json: flags.AsJson = False,
) -> None:
    """Take a channel away."""
    if not yes:
        typer.confirm(f"Remove channel {name}?", abort=True, err=True)
    with told():
        client_of(context).delete(_path(tenant, name))
    tell(f"channel {name} is removed", {"channel": name}, as_json=as_json)


@commands.command("test")
def try_out(
    context: typer.Context,
    name: Name,
    *,
    tenant: Tenant = "_platform",
    as_json: flags.AsJson = False,
) -> None:
    """Say something by a channel, and what came back. Exits 1 if it was not taken."""
    with told():
        found = client_of(context).post(f"{_path(tenant, name)}/test")
    if as_json:
        show_json(found)
    else:
        rows = [(one["address"], _came(one)) for one in found["answers"]]
        show_table(("address", "answer"), rows, "nobody was asked")
    if not found["taken"]:
        raise typer.Exit(FOUND)


def _standing(client: Client, tenant: str, name: str) -> tuple[dict[str, Any], int]:
    """What is said of a channel, and its version; 0: it is not there yet."""
    try:
        found = client.get(_path(tenant, name))
    except CliProblem as problem:
        if NOT_THERE not in str(problem):
            raise
        return {}, 0
    return {key: value for key, value in found.items() if key not in ABOUT}, found["version"]


def _came(one: dict[str, Any]) -> str:
    if one["taken"]:
        return f"taken {one['receipt'] or ''}".strip()
    return f"{one['error']} ({'it is worth trying again' if one['again'] else 'refused for good'})"


def _where(one: dict[str, Any]) -> str:
    return str(one["place"] or ", ".join(one["to"]) or one["url"])


def _path(tenant: str, name: str) -> str:
    return address(HERE, tenant, name)
