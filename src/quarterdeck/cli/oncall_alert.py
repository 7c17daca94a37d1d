"""quarterdeck oncall who-is-woken, of an alert: from its route to whoever is told."""

from collections.abc import Iterator, Sequence
from typing import Any

import typer

from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import FOUND, show_json, show_table

HERE = "/api/v1/pages/who-is-woken"
NONE = "no receiver of its routes pages anybody: give one page_configs"


def by_alert(
    context: typer.Context,
    words: Sequence[str],
    *,
    tenant: str | None,
    at: str | None,
    days: int,
    as_json: bool,
) -> None:
    """Show who is told when, and holes; exit 1 if there are, or nobody is paged."""
    asked: dict[str, object] = {"tenant": tenant, "at": at, "days": days}
    if words[0].isdecimal():
        asked["alert"] = words[0]
    else:
        asked["label"] = list(words)
    with told():
        found = client_of(context).get(HERE, **asked)
    if as_json:
        show_json(found)
    else:
        columns = ("route", "policy", "level", "what", "at", "who", "by")
        show_table(columns, list(_rows(found)), NONE)
    if not found["sound"]:
        raise typer.Exit(FOUND)


def _rows(found: dict[str, Any]) -> Iterator[tuple[object, ...]]:
    for route in found["routes"]:
        for page in route["pages"]:
            of = (route["receiver"], page["policy"])
            for one in page["wakings"]:
                who = one["who"] or one["target"]
                yield (*of, one["level"], one["kind"], one["at"], who, one["by"] or one["why"])
            for hole in page["holes"]:
                yield (*of, hole["level"], "hole", hole["start"], hole["why"], f"to {hole['end']}")
