"""quarterdeck erasure: make a subject's data unreadable, by two persons."""

from typing import Annotated, Any

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import say, show_json, show_table

ERASURES = "/api/v1/trail/erasures"

commands = typer.Typer(
    add_completion=False,
    help="Erase a subject's data (GDPR, article 17); every proof of the trail holds.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

ErasureId = Annotated[str, typer.Argument(metavar="ERASURE", help="As erasure list shows.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept with the erasure.")]


@commands.command("list")
def list_erasures(context: typer.Context, *, as_json: flags.AsJson = False) -> None:
    """Show the erasures you may see, newest first."""
    with told():
        found = client_of(context).get(ERASURES)["erasures"]
    if as_json:
        show_json(found)
        return
    columns = ("id", "tenant", "subject", "state", "requested_by", "approved_by", "records")
    rows = [tuple(str(one[name]) for name in columns) for one in found]
    show_table(columns, rows, "no erasures")


@commands.command()
def request(
    context: typer.Context,
    tenant: Annotated[str, typer.Argument(metavar="TENANT", help="In whose log.")],
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="As type:id, user:u-1.")],
    reason: Reason,
    *,
    as_json: flags.AsJson = False,
) -> None:
    """Ask for an erasure; another person approves it."""
    body = {"tenant": tenant, "subject": subject, "reason": reason}
    with told():
        _told(client_of(context).post(ERASURES, body), as_json=as_json)


@commands.command()
def approve(context: typer.Context, erasure: ErasureId, *, as_json: flags.AsJson = False) -> None:
    """Agree to an erasure that another person asked for: it is done at once."""
    with told():
        made = client_of(context).post(f"{ERASURES}/{erasure}/approve", {})
        _told(made, as_json=as_json)


@commands.command()
def decline(
    context: typer.Context, erasure: ErasureId, reason: Reason, *, as_json: flags.AsJson = False
) -> None:
    """Refuse an erasure that waits."""
    with told():
        made = client_of(context).post(f"{ERASURES}/{erasure}/decline", {"reason": reason})
        _told(made, as_json=as_json)


@commands.command()
def certificate(
    context: typer.Context, erasure: ErasureId, *, as_json: flags.AsJson = False
) -> None:
    """Print the signed certificate of an erasure that is done."""
    with told():
        found = client_of(context).get(f"{ERASURES}/{erasure}")
    if as_json:
        show_json({name: found[name] for name in ("id", "state", "certificate")})
        return
    say(found["certificate"] or f"erasure {erasure} is {found['state']}: no certificate yet")


def _told(erasure: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(erasure)
        return
    say(f"erasure {erasure['id']} is {erasure['state']}")
