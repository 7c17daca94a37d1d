"""quarterdeck maintenance: windows in which something is worked on."""

from typing import Annotated, Any

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import show_json, show_table, tell

MAINTENANCE = "/api/v1/maintenance"

commands = typer.Typer(
    add_completion=False,
    help="Windows in which something is worked on.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Tenant = Annotated[str, typer.Option(help="Whose; default: the platform's, which is everybody's.")]


@commands.command()
def enable(
    context: typer.Context,
    *,
    reason: Annotated[str, typer.Option(help="Why.")],
    minutes: Annotated[int, typer.Option(help="How long.")],
    start: Annotated[str, typer.Option(metavar="TIME", help="RFC 3339; default: now.")] = "",
    tenant: Tenant = "_platform",
    environment: Annotated[str, typer.Option(help="Only this environment.")] = "",
    services: Annotated[str, typer.Option(metavar="NAME,NAME", help="Only these of it.")] = "",
    as_json: flags.AsJson = False,
) -> None:
    """Begin maintenance now, or say when it shall begin."""
    body: dict[str, Any] = {
        "reason": reason,
        "duration_minutes": minutes,
        "tenant": tenant,
        "environment": environment,
        "services": [name.strip() for name in services.split(",") if name.strip()],
        "start": start or None,
    }
    with told():
        done = client_of(context).post(f"{MAINTENANCE}/enable", body)
    window = done["window"]
    tell(f"maintenance from {window['start']} to {window['end']}", done, as_json=as_json)


@commands.command()
def disable(
    context: typer.Context, *, tenant: Tenant = "_platform", as_json: flags.AsJson = False
) -> None:
    """End every window that is active now."""
    with told():
        done = client_of(context).post(f"{MAINTENANCE}/disable?tenant={tenant}")
    many = len(done["ended"])
    tell(f"ended {many} windows" if many else "no window was active", done, as_json=as_json)


@commands.command()
def end(
    context: typer.Context,
    window: Annotated[str, typer.Argument(metavar="WINDOW", help="Its id, as list shows it.")],
    *,
    as_json: flags.AsJson = False,
) -> None:
    """End one window before its time, or call it off before it began."""
    with told():
        done = client_of(context).post(f"{MAINTENANCE}/windows/{window}/end")
    tell(f"{window} is over", done, as_json=as_json)


@commands.command("list")
def show(
    context: typer.Context,
    *,
    state: Annotated[str | None, typer.Option(help="scheduled, active or ended.")] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Show windows, last entered first."""
    with told():
        found = client_of(context).get(f"{MAINTENANCE}/windows", state=state)["windows"]
    if as_json:
        show_json(found)
        return
    rows = [
        (w["id"], w["state"], w["tenant"], _scope(w), w["start"], w["end"], w["reason"])
        for w in found
    ]
    columns = ("window", "state", "tenant", "what", "start", "end", "reason")
    show_table(columns, rows, "no maintenance is planned, and none was")


def _scope(window: dict[str, Any]) -> str:
    parts = [window["environment"], ", ".join(window["services"])]
    return "/".join(part for part in parts if part) or "all"
