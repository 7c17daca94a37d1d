"""quarterdeck review: the daily review of runbook 000, section 1.2."""

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import FOUND, show_json, show_table

commands = typer.Typer(add_completion=False, rich_markup_mode=None)


@commands.command()
def review(context: typer.Context, *, as_json: flags.AsJson = False) -> None:
    """Show the six checks of the daily review. Exits 1 if one failed."""
    with told():
        found = client_of(context).get("/api/v1/review")
    if as_json:
        show_json(found)
    else:
        rows = [
            (c["check"], c["word"], c["detail"], c["action"] if c["verdict"] == "fail" else "")
            for c in found["checks"]
        ]
        show_table(("check", "state", "found", "what to do"), rows, "")
    if found["verdict"] == "fail":
        raise typer.Exit(FOUND)
