"""quarterdeck alert routing: who hears of which alerts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import FOUND, WRONG_USE, say, show_json, show_table, stop, tell

commands = typer.Typer(
    add_completion=False,
    help="Who hears of which alerts: apply, show and test an alertmanager.yml.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Tenant = Annotated[str, typer.Argument(metavar="TENANT")]
TenantOption = Annotated[str, typer.Option("--tenant", help="Whose routing.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="In the form of alertmanager.yml.")]
Labels = Annotated[
    list[str], typer.Option("--label", metavar="NAME=VALUE", help="Of the alert; repeat it.")
]


@commands.command()
def apply(
    context: typer.Context, tenant: Tenant, file: File, *, as_json: flags.AsJson = False
) -> None:
    """Have a file say who hears of which alerts; an error is refused with its line."""
    with told():
        made = client_of(context).put(f"/api/v1/routing/{tenant}", {"text": _text(file)})
    tell(f"version {made['version']} of tenant {tenant} holds now", made, as_json=as_json)


@commands.command()
def check(
    context: typer.Context, tenant: Tenant, file: File, *, as_json: flags.AsJson = False
) -> None:
    """Read a file as apply would; nothing changes."""
    with told():
        found = client_of(context).post(f"/api/v1/routing/{tenant}/check", {"text": _text(file)})
    if as_json:
        show_json(found)
        return
    for note in found["notes"]:
        say(note)
    _show_tree(found["root"])


@commands.command()
def show(
    context: typer.Context,
    tenant: Tenant,
    *,
    versions: Annotated[bool, typer.Option("--versions", help="All there were.")] = False,
    as_json: flags.AsJson = False,
) -> None:
    """Show the configuration that holds, its secrets hidden."""
    path = f"/api/v1/routing/{tenant}"
    with told():
        found = client_of(context).get(f"{path}/versions" if versions else path)
    if as_json:
        show_json(found)
    elif versions:
        rows = [(one["version"], one["at"], one["by"]) for one in found["versions"]]
        show_table(("version", "at", "by"), rows, "no version yet")
    else:
        typer.echo(found["text"], nl=not found["text"].endswith("\n"))


@commands.command("test")
def try_labels(
    context: typer.Context,
    tenant: Tenant,
    *,
    label: Labels,
    file: Annotated[Path | None, typer.Option(help="By this; else by what holds.")] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Show who would hear of an alert with these labels; nothing changes."""
    _try(context, tenant, label, _text(file) if file else "", as_json=as_json)


@commands.command()
def sent(
    context: typer.Context,
    *,
    tenant: Annotated[str | None, typer.Option(help="Only of this tenant.")] = None,
    state: Annotated[
        str | None, typer.Option(help="waiting, sending, sent, failed or dropped.")
    ] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Show what receivers were told, and what waits. Exits 1 if anything is late."""
    with told():
        found = client_of(context).get("/api/v1/notifications", tenant=tenant, state=state)
    if as_json:
        show_json(found)
    else:
        columns = ("at", "state", "receiver", "firing", "resolved", "attempts", "error", "group")
        rows = [_notification(one) for one in found["notifications"]]
        show_table(columns, rows, "nobody was told anything yet")
        say(f"{found['waiting']} waiting, {found['late']} late")
    if found["late"]:
        raise typer.Exit(FOUND)


def route(
    context: typer.Context,
    *,
    label: Labels,
    tenant: TenantOption,
    as_json: flags.AsJson = False,
) -> None:
    """Show who would hear of an alert with these labels."""
    _try(context, tenant, label, "", as_json=as_json)


def pairs_of(label: Sequence[str]) -> dict[str, str]:
    """Labels as they are said on a command line; ends the command where one is no pair."""
    pairs = [one.partition("=") for one in label]
    if any(not sign or not name for name, sign, _ in pairs):
        stop("a label is said as NAME=VALUE", WRONG_USE)
    return {name: value for name, _, value in pairs}


def _try(
    context: typer.Context, tenant: str, label: list[str], text: str, *, as_json: bool
) -> None:
    body = {"labels": pairs_of(label), "text": text}
    with told():
        found = client_of(context).post(f"/api/v1/routing/{tenant}/test", body)
    if as_json:
        show_json(found)
        return
    columns = ("receiver", "group", "wait", "interval", "repeat", "muted by")
    show_table(columns, [_tried(one) for one in found["routes"]], "nobody")


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        stop(f"{file} cannot be read: {error}", WRONG_USE)


def _tried(one: dict[str, Any]) -> tuple[object, ...]:
    waits = (f"{one[name]:g} s" for name in _WAITS)
    return (one["receiver"], one["group_key"], *waits, ", ".join(one["muted_by"]))


_WAITS = ("group_wait_s", "group_interval_s", "repeat_interval_s")


def _notification(one: dict[str, Any]) -> tuple[object, ...]:
    return (
        one["created_at"],
        one["state"],
        one["receiver"],
        one["firing"],
        one["resolved"],
        one["attempts"],
        one["error"],
        one["group_key"],
    )


def _show_tree(root: dict[str, Any]) -> None:
    def rows(route: dict[str, Any], depth: int) -> list[tuple[object, ...]]:
        own = (
            "  " * depth + (", ".join(route["matchers"]) or "all"),
            route["receiver"],
            "all labels" if route["group_by"] is None else ", ".join(route["group_by"]),
            *(f"{route[name]:g} s" for name in _WAITS),
        )
        return [own, *(row for child in route["routes"] for row in rows(child, depth + 1))]

    columns = ("route", "receiver", "group by", "wait", "interval", "repeat")
    show_table(columns, rows(root, 0), "")
