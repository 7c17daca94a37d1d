"""quarterdeck alert: what wants somebody."""

from typing import Annotated, Any

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import Client, client_of, told
from quarterdeck.cli.output import FOUND, WRONG_USE, show_json, show_table, stop, tell

ALERTS = "/api/v1/sync/alerts"

commands = typer.Typer(
    add_completion=False,
    help="What wants somebody: see alerts, resolve them.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

OfType = Annotated[
    str | None,
    typer.Option("--type", help="Only sync_failure, sync_stalled or high_error_rate."),
]


@commands.command("list")
def show(context: typer.Context, *, of_type: OfType = None, as_json: flags.AsJson = False) -> None:
    """Show alerts that fire, newest first. Exits 1 if any does."""
    with told():
        found = client_of(context).get(ALERTS, type=of_type)["alerts"]
    if as_json:
        show_json(found)
    else:
        columns = ("alert", "severity", "tenant", "title", "since", "seen", "what to do")
        show_table(columns, [_row(alert) for alert in found], "no alert fires")
    if found:
        raise typer.Exit(FOUND)


@commands.command()
def resolve(
    context: typer.Context,
    alert: Annotated[
        int | None, typer.Argument(metavar="[ALERT]", help="Its number, as alert list shows it.")
    ] = None,
    *,
    of_type: OfType = None,
    by: Annotated[str, typer.Option(help="Who resolves it; else you.")] = "",
    as_json: flags.AsJson = False,
) -> None:
    """Resolve an alert, or all of one type: nobody is needed any more."""
    if (alert is None) == (of_type is None):
        stop("name one alert, or --type for all of one type; alert list shows both", WRONG_USE)
    with told():
        client = client_of(context)
        found = [_resolved(client, one, by) for one in _meant(client, alert, of_type)]
    numbers = ", ".join(str(one["id"]) for one in found)
    words = f"resolved {numbers}" if found else f"no alert of type {of_type} fires"
    tell(words, found, as_json=as_json)


def _meant(client: Client, alert: int | None, of_type: str | None) -> list[int]:
    if alert is not None:
        return [alert]
    return [one["id"] for one in client.get(ALERTS, type=of_type)["alerts"]]


def _resolved(client: Client, alert: int, by: str) -> dict[str, Any]:
    body = {"resolved_by": by} if by else None
    found: dict[str, Any] = client.post(f"{ALERTS}/{alert}/resolve", body)
    return found


def _row(alert: dict[str, Any]) -> tuple[object, ...]:
    return (
        alert["id"],
        alert["severity"],
        alert["tenant"],
        alert["title"],
        alert["starts_at"],
        f"{alert['times']} x",
        alert["annotations"].get("action", ""),
    )
