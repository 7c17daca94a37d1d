"""quarterdeck logs: what the platform itself says."""

from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Annotated, Any

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import show_json, show_table

LOGS = "/api/v1/logs"
POLL_S = 1.0

commands = typer.Typer(
    add_completion=False,
    help="What the platform itself says: find, follow, ask.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Service = Annotated[str | None, typer.Option(help="Only of this role: web, worker, ...")]
Level = Annotated[str | None, typer.Option(help="debug, info, warning or error; or graver.")]
Text = Annotated[str | None, typer.Option(help="Only lines with these words.")]


@commands.command()
def show(
    context: typer.Context,
    *,
    service: Service = None,
    level: Level = None,
    text: Text = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="Default: a day ago.")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Default: now.")] = None,
    limit: Annotated[int, typer.Option(help="The newest so many.")] = 200,
    as_json: flags.AsJson = False,
) -> None:
    """Show lines, oldest first: the newest that are asked for."""
    asked = {"service": service, "level": level, "text": text, "since": since, "until": until}
    with told():
        found = client_of(context).get(LOGS, **asked, limit=limit)["entries"]
    if as_json:
        show_json(found)
    else:
        columns = ("at", "level", "service", "what", "with")
        show_table(columns, map(_row, found), "no line is as you ask")


@commands.command()
def follow(
    context: typer.Context, *, service: Service = None, level: Level = None, text: Text = None
) -> None:
    """Show lines as they come, until Ctrl-C."""
    asked = {"service": service, "level": level, "text": text}
    since, seen = datetime.now(UTC) - timedelta(seconds=5), set[str]()  # noqa: TID251  the terminal's own clock
    with told():
        client = client_of(context)
        while True:
            found = client.get(LOGS, **asked, since=since.isoformat(), limit=1000)["entries"]
            lines = [_line(one) for one in found]
            for line in lines:
                if line not in seen:
                    typer.echo(line)
            # A line may be written after a later one was read: the last seconds are asked again.
            seen = set(lines)
            since = datetime.now(UTC) - timedelta(seconds=5)  # noqa: TID251  likewise
            Event().wait(POLL_S)


@commands.command()
def query(
    context: typer.Context,
    words: Annotated[str, typer.Argument(metavar="QUERY", help="requests | where ... | ...")],
    *,
    as_json: flags.AsJson = False,
) -> None:
    """Ask by a pipe query over requests, traces or exceptions."""
    with told():
        found = client_of(context).post(f"{LOGS}/query", {"query": words})
    if as_json:
        show_json(found["rows"])
        return
    rows = [[row.get(name) for name in found["columns"]] for row in found["rows"]]
    show_table(found["columns"], rows, "no row")


def _line(entry: dict[str, Any]) -> str:
    # What is logged comes from anybody: an escape would steer the terminal.
    text = "  ".join(map(str, _row(entry)))
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _row(entry: dict[str, Any]) -> tuple[object, ...]:
    said = " ".join(f"{key}={value}" for key, value in entry["fields"].items())
    return (entry["at"], entry["level"], entry["service"], entry["event"], said)
