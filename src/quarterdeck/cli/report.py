"""quarterdeck report: what an auditor asks of a trail, for a period."""

import json
from typing import Annotated, Any

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import show_json, show_table, tell

REPORTS = "/api/v1/trail/reports"

commands = typer.Typer(
    add_completion=False,
    help="Reports of a trail: compliance, a review of who did what, an evidence package.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Tenant = Annotated[str, typer.Argument(metavar="TENANT", help="Whose log.")]
Since = Annotated[str, typer.Option("--from", help="RFC 3339: occurred then, or later.")]
Until = Annotated[str, typer.Option("--to", help="RFC 3339: occurred before.")]
Framework = Annotated[str, typer.Option(help="soc2, iso27001, gdpr or hipaa; else all.")]


@commands.command()
def compliance(
    context: typer.Context,
    tenant: Tenant,
    since: Since,
    until: Until,
    framework: Framework = "",
    *,
    as_json: flags.AsJson = False,
) -> None:
    """Retention, residency, holds, integrity and access. Reads the whole log."""
    asked = {"tenant": tenant, "from": since, "to": until, "framework": framework}
    with told():
        _show(client_of(context).get(f"{REPORTS}/compliance", **asked), as_json=as_json)


@commands.command()
def review(
    context: typer.Context,
    tenant: Tenant,
    since: Since,
    until: Until,
    actor: Annotated[str, typer.Option(help="Else everybody.")] = "",
    *,
    as_json: flags.AsJson = False,
) -> None:
    """What an actor did in a window, and whether the log is whole."""
    asked = {"tenant": tenant, "from": since, "to": until, "actor": actor}
    with told():
        _show(client_of(context).get(f"{REPORTS}/review", **asked), as_json=as_json)


@commands.command()
def evidence(
    context: typer.Context,
    tenant: Tenant,
    since: Since,
    until: Until,
    framework: Framework = "",
    *,
    as_json: flags.AsJson = False,
) -> None:
    """Have a bundle made of a period's records, with the framework's reports inside."""
    body = {"tenant": tenant, "framework": framework, "from": since, "to": until}
    with told():
        made = client_of(context).post(f"{REPORTS}/evidence", body)
    words = f"export {made['id']} is being made; see: quarterdeck trail export show {made['id']}"
    tell(words, made, as_json=as_json)


def _show(report: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(report)
        return
    rows = [
        (section, item, value if isinstance(value, str) else json.dumps(value))
        for section, items in report["sections"].items()
        for item, value in items.items()
    ]
    show_table(("section", "item", "value"), rows, "no framework of that name asks for a section")
