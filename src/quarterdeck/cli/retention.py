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


@commands.command()
def promises(
    context: typer.Context,
    tenant: Annotated[str, typer.Argument(metavar="[TENANT]", help="Only of this tenant.")] = "",
    *,
    as_json: flags.AsJson = False,
) -> None:
    """Show what the running check knows of retention and residency. Exits 1 if any is broken."""
    with told():
        found = client_of(context).get("/api/v1/trail/compliance", tenant=tenant)
    each = [(of, one) for of in found["tenants"] for one in of["promises"]]
    if as_json:
        show_json(found)
    else:
        rows = [
            (of["tenant"], one["promise"], one["verdict"], one["words"], one["since"] or "")
            for of, one in each
        ]
        head = ("tenant", "promise", "state", "why", "since")
        show_table(head, rows, "nothing is promised: no policy of retention or residency")
    if any(one["verdict"] == "broken" for _, one in each):
        stop("", FOUND)


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
