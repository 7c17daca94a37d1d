"""quarterdeck preflight: whether each call that the platform makes of a cloud is answered."""

from typing import Annotated, Any

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import DONE, FOUND, UNAVAILABLE, say, show_json, show_table, tell

commands = typer.Typer(
    add_completion=False,
    help="Try each call that the platform makes of a cloud.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

COLUMNS = ("connection", "check", "status", "missing", "detail")
EXITS = {"pass": DONE, "fail": FOUND, "not_known": UNAVAILABLE}


@commands.command()
def run(
    context: typer.Context,
    *,
    failed: Annotated[bool, typer.Option("--failed", help="Only what did not pass.")] = False,
    as_json: flags.AsJson = False,
) -> None:
    """Try every call; exit 1 if one is refused, 4 if one could not be tried."""
    found = _found(context)
    if as_json:
        show_json(found)
    else:
        _show([c for c in found["checks"] if not failed or c["status"] != "pass"])
        say(f"preflight: {found['overall'].replace('_', ' ')}")
    raise typer.Exit(EXITS[found["overall"]])


@commands.command()
def role(context: typer.Context, *, as_json: flags.AsJson = False) -> None:
    """Print the smallest custom role that would do, for az role definition create."""
    found = _found(context)
    del as_json  # a role is JSON either way
    show_json(found["role"])
    say("permissions of Microsoft Graph: " + ", ".join(found["permissions"]))


@commands.command()
def clear(context: typer.Context, *, as_json: flags.AsJson = False) -> None:
    """Forget what preflight answered: the next run asks the clouds again."""
    with told():
        cleared = client_of(context).post("/api/v1/preflight/clear-cache")
    tell("the next run asks the clouds again", cleared, as_json=as_json)


def _found(context: typer.Context) -> dict[str, Any]:
    with told():
        found: dict[str, Any] = client_of(context).post("/api/v1/preflight/run")
    return found


def _show(checks: list[dict[str, Any]]) -> None:
    rows = [(c["connection"], c["name"], c["status"], c["missing"], c["detail"]) for c in checks]
    show_table(COLUMNS, rows, "every call was answered")
    for check in checks:
        if check["grant"]:
            say(f"grant {check['missing']} to {check['connection']}:\n{check['grant']}")
