"""quarterdeck job: long work, and what people do about it."""

import json
from typing import Annotated

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import WRONG_USE, show_json, show_table, stop, tell

commands = typer.Typer(
    add_completion=False,
    help="Long work: progress, cancel, decide.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

JobId = Annotated[str, typer.Argument(metavar="JOB", help="As job list shows it.")]


@commands.command("list")
def list_jobs(context: typer.Context, *, as_json: flags.AsJson = False) -> None:
    """Show jobs that have not ended."""
    with told():
        jobs = client_of(context).get("/api/v1/jobs")["jobs"]
    if as_json:
        show_json(jobs)
        return
    rows = [(j["id"], j["kind"], j["tenant"], j["state"], _progress(j), j["detail"]) for j in jobs]
    columns = ("job", "kind", "tenant", "state", "progress", "detail")
    show_table(columns, rows, "no work is under way")


@commands.command()
def show(context: typer.Context, job: JobId, *, _as_json: flags.AsJson = False) -> None:
    """Show one job as JSON."""
    with told():
        show_json(client_of(context).get(f"/api/v1/jobs/{job}"))


@commands.command()
def cancel(context: typer.Context, job: JobId, *, as_json: flags.AsJson = False) -> None:
    """Ask a job to stop: one not begun ends at once, one that runs at its next step."""
    with told():
        found = client_of(context).post(f"/api/v1/jobs/{job}/cancel")
    later = "; it stops at its next step" if found["state"] == "running" else ""
    tell(f"{job} is {found['state']}{later}", found, as_json=as_json)


@commands.command()
def decide(
    context: typer.Context,
    job: JobId,
    step: Annotated[str, typer.Argument(help="The step whose outcome is not known.")],
    *,
    outcome: Annotated[
        str | None, typer.Option(metavar="JSON", help="It happened, with this result.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="It did not happen: do it.")] = False,
    as_json: flags.AsJson = False,
) -> None:
    """Say what became of a step that was begun and left no outcome."""
    if (outcome is None) is not again:
        stop("give either --outcome JSON or --again", WRONG_USE)
    try:
        body = {"step": step, "outcome": None if outcome is None else json.loads(outcome)}
    except ValueError as error:
        stop(f"--outcome is not JSON: {error}", WRONG_USE)
    with told():
        found = client_of(context).post(f"/api/v1/jobs/{job}/decide", body)
    tell(f"{job} is {found['state']}", found, as_json=as_json)


def _progress(job: dict[str, object]) -> str:
    total = job["total"] or "?"
    return f"{job['done']} of {total} {job['unit']}" if job["unit"] else ""
