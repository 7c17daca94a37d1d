"""quarterdeck service: the registry of services, and how each is."""

from pathlib import Path
from typing import Annotated, Any

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.documents import document
from quarterdeck.cli.output import DONE, FOUND, say, show_json, show_table, tell

SERVICES = "/api/v1/services"

commands = typer.Typer(
    add_completion=False,
    help="Services: how each is, and what is down because of what.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(metavar="TENANT/ENVIRONMENT/SERVICE")]


@commands.command("list")
def show_all(
    context: typer.Context,
    *,
    tenant: Annotated[str, typer.Option(help="Only of this tenant.")] = "",
    environment: Annotated[str, typer.Option(help="Only in this environment.")] = "",
    as_json: flags.AsJson = False,
) -> None:
    """Show services, roots of trouble first. Exits 1 if one is down or degraded."""
    with told():
        asked = {"tenant": tenant or None, "environment": environment or None}
        answer = client_of(context).get(SERVICES, **asked)
    found = answer["services"]
    if answer["more"]:
        say(f"there are more than these {len(found)}: ask by --tenant, or by --environment")
    if as_json:
        show_json(found)
    else:
        rows = [_row(one) for one in sorted(found, key=_urgency)]
        columns = ("service", "state", "since", "because of", "looked at", "why")
        show_table(columns, rows, "no service is registered; quarterdeck service set registers one")
    sick = any(one["state"] in ("down", "degraded") for one in found)
    raise typer.Exit(FOUND if sick else DONE)


@commands.command()
def show(context: typer.Context, name: Name, *, as_json: flags.AsJson = False) -> None:
    """Show one service: its probes, its changes of the last day."""
    with told():
        client = client_of(context)
        found = client.get(f"{SERVICES}/{name}")
        past = client.get(f"{SERVICES}/{name}/history")
    if as_json:
        show_json(found | past)
        return
    say(f"{name}: {found['state']} since {found['since']}: {found['reason']}")
    rows = [
        (s["probe"], s["state"], s["at"], round(s["took_ms"]), s["detail"]) for s in found["seen"]
    ]
    show_table(("probe", "state", "at", "ms", "what it saw"), rows, "nothing was seen of it yet")
    rows = [
        (c["at"], c["was"], c["state"], ", ".join(c["because_of"]), c["reason"])
        for c in past["changes"]
    ]
    show_table(("at", "was", "became", "because of", "why"), rows, "no change within a day")


@commands.command()
def restarts(context: typer.Context, name: Name, *, as_json: flags.AsJson = False) -> None:
    """Show how often a service was started again, and what came of it.

    Of our own roles too: _platform/installation/worker.
    """
    with told():
        found = client_of(context).get(f"{SERVICES}/{name}/restarts")["restarts"]
    if as_json:
        show_json(found)
        return
    rows = [(r["number"], r["at"], r["by"], r["result"], r["detail"]) for r in found]
    show_table(("no", "at", "by", "result", "what it said"), rows, "it was never started again")


@commands.command("set")
def register(
    context: typer.Context,
    name: Name,
    file: Annotated[Path, typer.Option(help="Its entry, YAML or JSON; - reads standard input.")],
    *,
    as_json: flags.AsJson = False,
) -> None:
    """Register a service, or change its entry; its first look is at once."""
    with told():
        done = client_of(context).put(f"{SERVICES}/{name}", document(file))
    tell(f"{name} is registered, probed every {done['period_s']} s", done, as_json=as_json)


@commands.command()
def remove(
    context: typer.Context, name: Name, *, yes: flags.Yes = False, as_json: flags.AsJson = False
) -> None:
    """Take a service out of the registry, its history with it."""
    if not yes:
        typer.confirm(f"Remove {name} and its history?", abort=True, err=True)
    with told():
        client_of(context).delete(f"{SERVICES}/{name}")
    tell(f"{name} is removed", {"name": name, "removed": True}, as_json=as_json)


def _urgency(one: dict[str, Any]) -> tuple[object, ...]:
    order = ("down", "degraded", "unknown", "healthy")
    return (order.index(one["state"]), bool(one["because_of"]), _name(one))


def _name(one: dict[str, Any]) -> str:
    return f"{one['tenant']}/{one['environment']}/{one['service']}"


def _row(one: dict[str, Any]) -> tuple[object, ...]:
    return (
        _name(one),
        one["state"],
        one["since"],
        ", ".join(one["because_of"]),
        one["looked_at"] or "never",
        one["reason"],
    )
