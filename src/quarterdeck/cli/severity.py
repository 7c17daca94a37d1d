"""quarterdeck severity: how bad an incident can be, and what follows."""

from typing import Annotated, Any

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import show_json, show_table

HERE = "/api/v1/severities"

commands = typer.Typer(
    add_completion=False,
    help="How bad an incident can be, and what follows.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Tenant = Annotated[str, typer.Option(help="Whose; default: the platform's.")]


@commands.command("list")
def show_all(
    context: typer.Context, *, tenant: Tenant = "_platform", as_json: flags.AsJson = False
) -> None:
    """Show the severities, the worst first."""
    with told():
        found = client_of(context).get(HERE, tenant=tenant)
    if as_json:
        show_json(found)
        return
    columns = ("severity", "also", "answered in", "resolved in", "war room", "updates", "told")
    show_table(columns, map(_row, found["severities"]), "")


@commands.command()
def matrix(
    context: typer.Context, *, tenant: Tenant = "_platform", as_json: flags.AsJson = False
) -> None:
    """Show which severity follows from impact and urgency, and from flags."""
    with told():
        found = client_of(context).get(HERE, tenant=tenant)
    if as_json:
        show_json({name: found[name] for name in ("impacts", "urgencies", "matrix", "flags")})
        return
    rows = [
        (impact, meaning, *(found["matrix"][impact][one] for one in found["urgencies"]))
        for impact, meaning in found["impacts"].items()
    ]
    rows += [(f"flag {flag}", "whatever the impact", name) for flag, name in found["flags"].items()]
    show_table(("impact", "means", *found["urgencies"]), map(_filled, rows), "")


def _filled(row: tuple[str, ...]) -> tuple[str, ...]:
    return row + (row[-1],) * 2 if row[0].startswith("flag ") else row


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    told_of = "customers" if one["notice"] == "customers" else one["notice"]
    after = f" after {one['notice_min']} min" if one["notice_min"] else ""
    return (
        one["name"],
        ", ".join(one["aliases"]),
        _minutes(one["respond_min"]),
        _minutes(one["resolve_min"]),
        _after(one["war_room_min"]),
        "" if one["update_min"] is None else f"every {one['update_min']} min",
        f"{told_of}{after}",
    )


def _minutes(minutes: int | None) -> str:
    return "" if minutes is None else f"{minutes} min"


def _after(minutes: int | None) -> str:
    if minutes is None:
        return ""
    return f"after {minutes} min" if minutes else "at once"
