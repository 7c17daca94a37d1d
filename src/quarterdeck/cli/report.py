"""quarterdeck report: what an auditor asks of a trail, for a period."""

from typing import Annotated

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import show_json, tell

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
    context: typer.Context, tenant: Tenant, since: Since, until: Until, framework: Framework = ""
) -> None:
    """Retention, residency, holds, integrity and access, as JSON. Reads the whole log."""
    asked = {"tenant": tenant, "from": since, "to": until, "framework": framework}
    with told():
        show_json(client_of(context).get(f"{REPORTS}/compliance", **asked))


@commands.command()
def review(
    context: typer.Context,
    tenant: Tenant,
    since: Since,
    until: Until,
    actor: Annotated[str, typer.Option(help="Else everybody.")] = "",
) -> None:
    """What an actor did in a window, and whether the log is whole, as JSON."""
    asked = {"tenant": tenant, "from": since, "to": until, "actor": actor}
    with told():
        show_json(client_of(context).get(f"{REPORTS}/review", **asked))


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
