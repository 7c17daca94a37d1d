"""quarterdeck message: what was told by channels and mail, what waits, and what nobody took."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import show_json, show_table, tell

HERE = "/api/v1/messages"
COLUMNS = ("message", "tenant", "state", "to", "about", "title", "attempts", "error")

commands = typer.Typer(
    add_completion=False,
    help="What was told by channels and mail, what waits, what nobody took.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Id = Annotated[str, typer.Argument(metavar="MESSAGE", help="Its id.")]


@commands.command("list")
def show_all(
    context: typer.Context,
    *,
    tenant: Annotated[str | None, typer.Option(help="Only of this tenant.")] = None,
    state: Annotated[
        list[str] | None, typer.Option(help="waiting, sending, sent, failed, dropped; repeat it.")
    ] = None,
    about: Annotated[str | None, typer.Option(help="As incident/INC-2026-000001.")] = None,
    channel: Annotated[str | None, typer.Option(help="By this channel.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many, the newest first.")] = 50,
    as_json: flags.AsJson = False,
) -> None:
    """Show messages, newest first."""
    asked = {"tenant": tenant, "state": state, "about": about, "channel": channel}
    with told():
        found = client_of(context).get(HERE, limit=limit, **asked)
    if as_json:
        show_json(found)
        return
    show_table(COLUMNS, [_row(one) for one in found["messages"]], "no message")


@commands.command()
def retry(context: typer.Context, message: Id, *, as_json: flags.AsJson = False) -> None:
    """Have one sent again that was given up."""
    with told():
        done = client_of(context).post(f"{HERE}/{quote(message, safe='')}/retry")
    tell(f"message {message} is sent again", done, as_json=as_json)


@commands.command()
def drop(
    context: typer.Context, message: Id, *, yes: flags.Yes = False, as_json: flags.AsJson = False
) -> None:
    """Let one go that was not told."""
    if not yes:
        typer.confirm(f"Let message {message} go?", abort=True, err=True)
    with told():
        done = client_of(context).post(f"{HERE}/{quote(message, safe='')}/drop")
    tell(f"message {message} is let go", done, as_json=as_json)


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    return (
        one["id"],
        one["tenant"],
        one["state"],
        f"{one['kind']} {one['address']}",
        one["about"],
        one["content"]["title"],
        str(one["attempts"]),
        one["error"] or "",
    )
