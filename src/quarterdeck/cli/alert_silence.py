"""quarterdeck alert silence: for a while, nobody is woken."""

import re
from typing import Annotated, Any

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import WRONG_USE, say, show_json, show_table, stop, tell

SILENCES = "/api/v1/silences"
UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}

commands = typer.Typer(
    add_completion=False,
    help="Silences: see, add, change, expire; see who would not be woken.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Tenant = Annotated[str, typer.Option(help="Whose alerts.")]
Matchers = Annotated[
    list[str], typer.Argument(metavar="MATCHER...", help="As service=checkout, 'node=~web.*'.")
]


@commands.command("list")
def show(
    context: typer.Context,
    *,
    tenant: Annotated[str | None, typer.Option(help="Only of this tenant.")] = None,
    expired: Annotated[bool, typer.Option("--expired", help="Those that ended, too.")] = False,
    state: Annotated[
        str | None, typer.Option(help="active, pending or expired; else what holds or will.")
    ] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Show silences that hold, and those to come."""
    with told():
        asked = {"tenant": tenant, "state": state, "expired": "true" if expired else None}
        found = client_of(context).get(SILENCES, **asked)["silences"]
    if as_json:
        show_json(found)
        return
    columns = ("silence", "state", "tenant", "matchers", "from", "until", "by", "comment")
    show_table(columns, [_row(one) for one in found], "nothing is silenced")


@commands.command()
def add(
    context: typer.Context,
    matchers: Matchers,
    *,
    tenant: Tenant,
    duration: Annotated[str, typer.Option(metavar="2h", help="For how long.")] = "2h",
    comment: Annotated[str, typer.Option(help="Why.")] = "",
    silence: Annotated[str, typer.Option("--id", help="Change this silence.")] = "",
    as_json: flags.AsJson = False,
) -> None:
    """Silence what matches, for a while."""
    body = {
        "tenant": tenant,
        "matchers": matchers,
        "duration_s": _seconds(duration),
        "comment": comment,
        "id": silence,
    }
    with told():
        made = client_of(context).post(SILENCES, body)
    tell(f"silenced until {made['ends_at']}: {made['id']}", made, as_json=as_json)


@commands.command()
def preview(
    context: typer.Context, matchers: Matchers, *, tenant: Tenant, as_json: flags.AsJson = False
) -> None:
    """Show which alerts a silence would be about now; nothing changes."""
    body = {"tenant": tenant, "matchers": matchers}
    with told():
        found = client_of(context).post(f"{SILENCES}/preview", body)
    if as_json:
        show_json(found)
        return
    rows = [(one["id"], one["severity"], one["title"]) for one in found["alerts"]]
    show_table(("alert", "severity", "title"), rows, "it would be about no alert that fires")
    if rows:
        count = found["count"]
        fire = "alert that fires" if count == 1 else "alerts that fire"
        shown = f"; the first {len(rows)} are shown" if count > len(rows) else ""
        say(f"it would be about {count} {fire}{shown}")


@commands.command()
def expire(
    context: typer.Context,
    silence: Annotated[str, typer.Argument(metavar="SILENCE")],
    *,
    as_json: flags.AsJson = False,
) -> None:
    """End a silence now."""
    with told():
        found = client_of(context).delete(f"{SILENCES}/{silence}")
    tell(f"expired {silence}", found, as_json=as_json)


def _seconds(text: str) -> int:
    found = re.fullmatch(r"(?:[0-9]{1,6}[smhdw])+", text)
    if found is None:
        stop(f"no duration: {text}; as 90m, 2h or 1d12h", WRONG_USE)
    return sum(int(n) * UNITS_S[unit] for n, unit in re.findall(r"([0-9]+)([smhdw])", text))


def _row(one: dict[str, Any]) -> tuple[object, ...]:
    return (
        one["id"],
        one["state"],
        one["tenant"],
        ", ".join(one["matchers"]),
        one["starts_at"],
        one["ends_at"],
        one["created_by"],
        one["comment"],
    )
