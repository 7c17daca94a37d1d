"""quarterdeck sync: bring the estate up to date, and see how that goes."""

from typing import Annotated, Any

import typer

from quarterdeck.cli import flags, upkeep
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import FOUND, show_json, show_table, stop, tell
from quarterdeck.cli.progress import follow

RUNS = "/api/v1/sync/runs"

commands = typer.Typer(
    add_completion=False,
    help="Bring the estate up to date; see runs and failures.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Tenant = Annotated[
    list[str] | None, typer.Option(help="Only this tenant or directory; repeat for more.")
]
Domain = Annotated[str, typer.Argument(help="costs, compliance, resources or identity.")]
Limit = Annotated[int, typer.Option(min=1, max=500, help="Runs to show.")]


@commands.command()
def run(
    context: typer.Context,
    domain: Domain = "resources",
    *,
    tenant: Tenant = None,
    wait: Annotated[bool, typer.Option(help="Show progress until it is done.")] = True,
    as_json: flags.AsJson = False,
) -> None:
    """Read one domain of every connection now: resources, unless another is named.

    Exits 1 if a run that is waited for did not succeed.
    """
    only = f"?tenant_ids={','.join(tenant)}" if tenant else ""
    with told():
        client = client_of(context)
        before = {r["id"] for r in client.get(RUNS, limit=500)["runs"] if r["ended_at"]}
        asked = client.post(f"/api/v1/sync/{domain}{only}")
        if not wait:
            words = "asked for; follow it with: quarterdeck sync runs"
            tell(words, asked, as_json=as_json)
            return
        follow(client, "syncing", lambda job: bool(job["domain"] == domain))
        new = [r for r in client.get(RUNS, limit=500)["runs"] if r["id"] not in before]
        runs = [r for r in new if r["job_type"] == domain]
    _show(runs, as_json=as_json)
    failed = [r for r in runs if r["status"] != "success"]
    if failed:
        stop(f"{len(failed)} of {len(runs)} did not succeed: {_advice(failed)}", FOUND)


@commands.command()
def backfill(
    context: typer.Context,
    first: Annotated[str, typer.Argument(metavar="FIRST", help="Day, such as 2024-01-01.")],
    last: Annotated[str, typer.Argument(metavar="LAST", help="Day; it is read too.")],
    *,
    tenant: Tenant = None,
    as_json: flags.AsJson = False,
) -> None:
    """Read the costs of past days. Doing it again doubles nothing."""
    only = f"?tenant_ids={','.join(tenant)}" if tenant else ""
    with told():
        asked = client_of(context).post(
            f"/api/v1/sync/costs/backfill{only}", {"start_date": first, "end_date": last}
        )
    tell("asked for; follow it with: quarterdeck job list", asked, as_json=as_json)


@commands.command()
def report(
    context: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help="As sync runs shows it.")],
    *,
    as_json: flags.AsJson = False,
) -> None:
    """Print the report of a failure that nobody knows and that recurred, to be sent."""
    with told():
        found = client_of(context).get(f"{RUNS}/{run}/report")
    if as_json:
        show_json(found)
    else:
        typer.echo(found["text"], nl=False)


@commands.command()
def status(context: typer.Context, *, as_json: flags.AsJson = False) -> None:
    """Show how old the data of each tenant is. Exits 1 if any is stale."""
    with told():
        client = client_of(context)
        found = client.get("/api/v1/freshness")["freshness"]
        jobs = client.get("/api/v1/sync/status")["jobs"]
    if as_json:
        show_json(found)
    else:
        rows = [
            (
                f["tenant"],
                f["domain"],
                f["state"],
                _age(f["age_seconds"]),
                f["stale_at"],
                f"{f['items_unreadable']} of {f['items']}" if f["items_unreadable"] else "",
            )
            for f in found
        ]
        columns = ("tenant", "domain", "state", "age", "stale at", "unreadable")
        show_table(columns, rows, "nothing is connected; begin with: quarterdeck tenant connect")
        for job in jobs:
            if job["next_whole_at"]:
                words = f"{job['job_type']}: what changed is read; all of it again at"
                typer.echo(f"{words} {job['next_whole_at']}", err=True)
    if any(f["state"] == "stale" for f in found):
        raise typer.Exit(FOUND)


@commands.command()
def runs(
    context: typer.Context,
    *,
    limit: Limit = 20,
    state: Annotated[
        str | None,
        typer.Option("--status", help="running, success, partial, failed or cancelled."),
    ] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Show runs, newest first."""
    with told():
        found = client_of(context).get(RUNS, limit=limit, status=state)["runs"]
    _show(found, as_json=as_json)


@commands.command()
def cancel(
    context: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help="As sync runs shows it.")],
    *,
    as_json: flags.AsJson = False,
) -> None:
    """Stop a run at its next page; what landed stays."""
    with told():
        found = client_of(context).post(f"{RUNS}/{run}/cancel")
    later = "; it stops at its next page" if found["status"] == "running" else ""
    tell(f"{run} is {found['status']}{later}", found, as_json=as_json)


def _show(found: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        show_json(found)
        return
    columns = (
        *("run", "tenant", "domain", "status", "began", "read", "records", "changes"),
        "what to do",
    )
    rows = [
        (
            r["id"],
            r["tenant_id"],
            r["job_type"],
            r["status"],
            r["started_at"],
            _read(r),
            r["records"],
            f"+{r['added']} ~{r['changed']} -{r['removed']}",
            r["recommended_action"],
        )
        for r in found
    ]
    show_table(columns, rows, "no run yet; begin one with: quarterdeck sync run")


def _read(run: dict[str, Any]) -> str:
    # Costs are read by the month: neither whole nor by what changed.
    if run["job_type"].startswith("costs"):
        return "open months" if run["job_type"] == "costs" else "past days"
    drift = f", {run['drift']} not told" if run["drift"] else ""
    since = run["changes_since"]
    return (f"changes since {since}" if since else "whole") + drift


def _advice(failed: list[dict[str, Any]]) -> str:
    return " ".join(sorted({str(r["recommended_action"]) for r in failed}))


def _age(seconds: float | None) -> str:
    if seconds is None:
        return "no data yet"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


commands.registered_commands += upkeep.commands.registered_commands
