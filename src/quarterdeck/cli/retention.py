"""quarterdeck retention: purge what is due, and check that what stands is as policy says."""

from typing import Annotated, Any

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import FOUND, say, show_json, show_table, stop

RETENTION = "/api/v1/trail/retention"

commands = typer.Typer(
    add_completion=False,
    help="How long records of the trail are kept, and where.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Tenant = Annotated[str, typer.Argument(metavar="TENANT", help="Whose records.")]


@commands.command()
def purge(
    context: typer.Context,
    tenant: Tenant,
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Remove it; else only say what is due.")
    ] = False,
    as_json: flags.AsJson = False,
) -> None:
    """Say which records are due; with --yes, have a job remove them. Proofs stay."""
    with told():
        body = {"tenant": tenant, "dry_run": not yes}
        plan = client_of(context).post(f"{RETENTION}/purge", body)
    if as_json:
        show_json(plan)
        return
    held = sum(plan["held"].values())
    say(f"{plan['due']} due, {plan['waiting']} not stored away yet, {held} kept by holds")
    if plan["copies_until"]:
        say(f"locked copies stay in the segment store until {plan['copies_until']}, then they go")
    if not plan["copies_known"]:
        say("until when copies stay is not known: the segment store is away")
    say(f"job {plan['job']} removes them" if plan["job"] else "nothing was changed: add --yes")


@commands.command()
def report(context: typer.Context, tenant: Tenant, *, as_json: flags.AsJson = False) -> None:
    """Show records kept too long, or removed too early. Exits 1 if there are any."""
    with told():
        found = client_of(context).get(f"{RETENTION}/report", tenant=tenant)
    _report(found, [*found["late"], *found["early"]], as_json=as_json)


@commands.command()
def residency(context: typer.Context, tenant: Tenant, *, as_json: flags.AsJson = False) -> None:
    """Show records that stand, or came from, where they may not. Exits 1 if there are any."""
    with told():
        found = client_of(context).get("/api/v1/trail/residency/report", tenant=tenant)
    if found["storage"] and not as_json:
        say(found["storage"])
    _report(found, found["outside"], as_json=as_json, also=bool(found["storage"]))


def _report(
    found: dict[str, Any], breaches: list[dict[str, Any]], *, as_json: bool, also: bool = False
) -> None:
    if as_json:
        show_json(found)
    else:
        rows = [(str(one["start"]), str(one["end"]), one["what"]) for one in breaches]
        show_table(
            ("from", "up to", "what"), rows, f"{found['checked']} records checked: all right"
        )
    if breaches or also:
        stop("", FOUND)
