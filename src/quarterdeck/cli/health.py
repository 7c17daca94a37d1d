"""quarterdeck health: look at components now, and see what was found before."""

from typing import Annotated, Any

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import DONE, FOUND, say, show_json, show_table

CHECKS = "/api/v1/health-checks"

commands = typer.Typer(
    add_completion=False,
    help="Look at components now; see what was found before.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Tenant = Annotated[
    str, typer.Option(help="Where several tenants have an environment of that name.")
]


@commands.command()
def check(
    context: typer.Context,
    *,
    environment: Annotated[
        str, typer.Option(help="As the registry names it; installation: what runs here itself.")
    ] = "installation",
    components: Annotated[
        str, typer.Option(metavar="NAME,NAME", help="Only these; without it, all.")
    ] = "",
    tenant: Tenant = "",
    as_json: flags.AsJson = False,
) -> None:
    """Look at components now, and keep the result. Exits 1 if one is not healthy."""
    names = [name.strip() for name in components.split(",") if name.strip()]
    order = {"environment": environment, "tenant": tenant, "components": names}
    with told():
        found = client_of(context).post(CHECKS, order)
    if as_json:
        show_json(found)
    else:
        show_table(
            ("component", "state", "ms", "what was found"), map(_row, found["components"]), ""
        )
        say(_words(found))
    raise typer.Exit(FOUND if found["failing"] else DONE)


@commands.command("list")
def show(
    context: typer.Context,
    *,
    environment: Annotated[str, typer.Option(help="Only of this environment.")] = "",
    tenant: Annotated[str, typer.Option(help="Only of this tenant.")] = "",
    as_json: flags.AsJson = False,
) -> None:
    """Show health checks that were kept, newest first."""
    with told():
        asked = {"tenant": tenant or None, "environment": environment or None}
        found = client_of(context).get(CHECKS, **asked)["checks"]
    if as_json:
        show_json(found)
        return
    rows = [
        (c["at"], c["tenant"], c["environment"], c["state"], ", ".join(c["failing"]), c["by"])
        for c in found
    ]
    columns = ("at", "tenant", "environment", "state", "not healthy", "by")
    show_table(columns, rows, "no health check was kept yet; quarterdeck health check makes one")


def _row(component: dict[str, Any]) -> tuple[object, ...]:
    return (
        component["component"],
        component["state"],
        round(component["took_ms"]),
        component["detail"],
    )


def _words(found: dict[str, Any]) -> str:
    many = len(found["components"])
    if not found["failing"]:
        return f"{found['environment']}: all {many} healthy"
    return f"{found['environment']}: not healthy: {', '.join(found['failing'])} (of {many})"
