"""quarterdeck escalation: who is told, and who next where nobody answers."""

import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import address, client_of, told
from quarterdeck.cli.output import WRONG_USE, say, show_json, show_table, stop, tell

HERE = "/api/v1/escalation/policies"
NONE = "there is no policy: quarterdeck escalation apply NAME FILE"

commands = typer.Typer(
    add_completion=False,
    help="Who is told, and who next where nobody answers.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Tenant = Annotated[str, typer.Option(help="Whose; default: the platform's.")]
OfTenant = Annotated[str | None, typer.Option(help="Only of this tenant.")]
Name = Annotated[str, typer.Argument(metavar="POLICY", help="Its name.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="YAML; -: standard input.")]
Why = Annotated[str, typer.Option(help="Why, for the history.")]
Expected = Annotated[
    int | None, typer.Option("--expect", help="Only if it is at this version; 0: not there yet.")
]


@commands.command("list")
def show_all(
    context: typer.Context, *, tenant: OfTenant = None, as_json: flags.AsJson = False
) -> None:
    """Show the policies."""
    with told():
        found = client_of(context).rows(HERE, "policies", tenant=tenant)
    if as_json:
        show_json(found)
        return
    rows = [
        (
            one["tenant"],
            one["name"],
            one["version"],
            " > ".join(level["name"] for level in one["levels"]),
            one["description"],
        )
        for one in found
    ]
    show_table(("tenant", "policy", "version", "levels", "what"), rows, NONE)


@commands.command()
def show(
    context: typer.Context,
    name: Name,
    *,
    tenant: Tenant = "_platform",
    yaml: Annotated[bool, typer.Option("--yaml", help="As apply reads it.")] = False,
    as_json: flags.AsJson = False,
) -> None:
    """Show a policy: each level, whom it tells, and when by severity."""
    with told():
        found = client_of(context).get(_path(tenant, name))
    if as_json:
        show_json(found)
        return
    if yaml:
        typer.echo(found["text"], nl=False)
        return
    say(f"{name}, version {found['version']}: {found['description']}")
    columns = ("level", "who", "tells", "told at", "must join at", "by", "if")
    show_table(columns, [_level(one) for one in found["levels"]], NONE)


@commands.command()
def apply(
    context: typer.Context,
    name: Name,
    file: File,
    *,
    tenant: Tenant = "_platform",
    why: Why = "",
    expected: Expected = None,
    as_json: flags.AsJson = False,
) -> None:
    """Have a policy hold for pages opened from now on; open ones keep theirs."""
    body = {"text": _text(file), "why": why, "expected_version": expected}
    with told():
        done = client_of(context).put(_path(tenant, name), body)
    for note in done["notes"]:
        say(note)
    words = f"applied {name}, version {done['policy']['version']}"
    tell(words if done["changed"] else "nothing is new in it", done, as_json=as_json)


@commands.command()
def delete(
    context: typer.Context,
    name: Name,
    *,
    tenant: Tenant = "_platform",
    why: Why = "",
    yes: flags.Yes = False,
    as_json: flags.AsJson = False,
) -> None:
    """Have a policy hold no more; its versions stay, and open pages go on under it."""
    if not yes:
        typer.confirm(f"Delete escalation policy {name}?", abort=True, err=True)
    with told():
        client_of(context).delete(f"{_path(tenant, name)}?{urlencode({'why': why})}")
    tell(f"policy {name} is deleted", {"policy": name}, as_json=as_json)


@commands.command()
def history(
    context: typer.Context,
    name: Name,
    *,
    tenant: Tenant = "_platform",
    as_json: flags.AsJson = False,
) -> None:
    """Show each version: when, how and why; also of a policy that was deleted."""
    with told():
        found = client_of(context).get(f"{_path(tenant, name)}/versions")["versions"]
    if as_json:
        show_json(found)
        return
    rows = [(one["version"], one["at"], one["how"], one["by"], one["why"]) for one in found]
    show_table(("version", "at", "how", "by", "why"), rows, NONE)


@commands.command()
def rollback(
    context: typer.Context,
    name: Name,
    version: Annotated[int, typer.Argument(help="Its number, as history shows it.")],
    *,
    tenant: Tenant = "_platform",
    why: Why = "",
    as_json: flags.AsJson = False,
) -> None:
    """Have a policy be what it was at a version."""
    with told():
        path, body = f"{_path(tenant, name)}/rollback", {"version": version, "why": why}
        done = client_of(context).post(path, body)
    tell(f"{name} is again what it was at version {version}", done, as_json=as_json)


@commands.command()
def decide(
    context: typer.Context,
    name: Name,
    answers: Annotated[
        list[str] | None, typer.Option("--answer", help="To the next question; repeat it.")
    ] = None,
    *,
    tenant: Tenant = "_platform",
    as_json: flags.AsJson = False,
) -> None:
    """Walk a policy's decision tree to the level that it ends in."""
    with told():
        body = {"answers": answers or []}
        found = client_of(context).post(f"{_path(tenant, name)}/decide", body)
    words = f"{found['ask']} ({', '.join(found['answers'])})"
    tell(found["level"] or words, found, as_json=as_json)


def _path(tenant: str, name: str) -> str:
    return address(HERE, tenant, name)


def _level(one: dict[str, Any]) -> tuple[object, ...]:
    conditions = [f"only with {flag}" for flag in one["only_with"]]
    conditions += [f"at once with {flag}" for flag in one["at_once_with"]]
    return (
        one["name"],
        one["title"],
        ", ".join(one["targets"]),
        _times(one["notify_at_min"]),
        _times(one["engage_at_min"]),
        ", ".join(one["by"]),
        "; ".join(conditions),
    )


def _times(found: dict[str, float | None]) -> str:
    return ", ".join(f"{word} {at:g} min" for word, at in found.items() if at is not None)


def _text(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        stop(f"{file} cannot be read: {error}", WRONG_USE)
