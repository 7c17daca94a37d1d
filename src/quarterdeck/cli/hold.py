"""quarterdeck hold: legal holds, and what they stand in the way of."""

from typing import Annotated, Any

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import say, show_json, show_table

HOLDS = "/api/v1/trail/holds"

commands = typer.Typer(
    add_completion=False,
    help="Legal holds: what they cover is neither purged nor erased.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Tenant = Annotated[str, typer.Argument(metavar="TENANT", help="Whose records.")]
HoldId = Annotated[str, typer.Argument(metavar="HOLD", help="As hold list shows.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept with the hold.")]


@commands.command("list")
def list_holds(context: typer.Context, *, as_json: flags.AsJson = False) -> None:
    """Show the holds you may see, the last changed first."""
    with told():
        found = client_of(context).get(HOLDS)
    _show(found["holds"], as_json=as_json)


@commands.command()
def history(context: typer.Context, hold: HoldId, *, as_json: flags.AsJson = False) -> None:
    """Show all versions of a hold, newest first."""
    with told():
        found = client_of(context).get(f"{HOLDS}/{hold}")
    _show(found["holds"], as_json=as_json)


@commands.command()
def place(
    context: typer.Context,
    tenant: Tenant,
    reason: Reason,
    covers: Annotated[
        str, typer.Option(help="tenant, subject, range, actor or resource.")
    ] = "tenant",
    value: Annotated[str, typer.Option(help="The subject, actor or resource, as type:id.")] = "",
    since: Annotated[str, typer.Option(help="Covers what was received from then on.")] = "",
    until: Annotated[str, typer.Option(help="Up to, without, then: 2026-02-28T00:00:00Z.")] = "",
    *,
    as_json: flags.AsJson = False,
) -> None:
    """Place a hold."""
    body = {"tenant": tenant, "covers": covers, "value": value, "reason": reason}
    bounds = {name: at for name, at in (("since", since), ("until", until)) if at}
    with told():
        _told(client_of(context).post(HOLDS, body | bounds), as_json=as_json)


@commands.command()
def release(
    context: typer.Context, hold: HoldId, reason: Reason, *, as_json: flags.AsJson = False
) -> None:
    """Ask for a release, or agree to one that another person asked for."""
    with told():
        made = client_of(context).post(f"{HOLDS}/{hold}/release", {"reason": reason})
        _told(made, as_json=as_json)


@commands.command()
def keep(
    context: typer.Context, hold: HoldId, reason: Reason, *, as_json: flags.AsJson = False
) -> None:
    """Decline a release that somebody asked for."""
    with told():
        made = client_of(context).post(f"{HOLDS}/{hold}/keep", {"reason": reason})
        _told(made, as_json=as_json)


def _told(hold: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(hold)
        return
    asked = "; another person must release it too" if hold["state"] == "release-asked" else ""
    say(f"hold {hold['id']} is {hold['state']}{asked}")


def _show(found: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        show_json(found)
        return
    columns = ("id", "tenant", "covers", "value", "state", "version", "by", "at")
    rows = [tuple(str(one[name]) for name in columns) for one in found]
    show_table(columns, rows, "no holds")
