"""quarterdeck page: who is wanted, who was told, and who answers."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import FOUND, say, show_json, show_table, tell

HERE = "/api/v1/pages"
NONE = "no page is open"

commands = typer.Typer(
    add_completion=False,
    help="Who is wanted, who was told, and who answers.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

OfTenant = Annotated[str | None, typer.Option(help="Only of this tenant.")]
Id = Annotated[str, typer.Argument(metavar="PAGE", help="Its id, as list shows it.")]
By = Annotated[str, typer.Option(help="Who does, in their words; default: who asks.")]
Flag = Annotated[list[str] | None, typer.Option("--flag", help="As customer-impact; repeat it.")]


@commands.command("list")
def show_all(
    context: typer.Context,
    *,
    tenant: OfTenant = None,
    resolved: Annotated[bool, typer.Option("--resolved", help="Those that are over.")] = False,
    as_json: flags.AsJson = False,
) -> None:
    """Show the pages that are not resolved. Exits 1 if one wants somebody."""
    state, none = ("resolved", "no page is resolved") if resolved else (None, NONE)
    with told():
        found = client_of(context).rows(HERE, "pages", tenant=tenant, state=state)
    if as_json:
        show_json(found)
    else:
        rows = [
            (
                one["id"],
                one["severity"],
                one["state"],
                one["opened_at"],
                one["acknowledged_by"],
                one["title"],
            )
            for one in found
        ]
        show_table(("page", "severity", "state", "since", "answered by", "what"), rows, none)
    if any(one["state"] == "open" for one in found):
        raise typer.Exit(FOUND)


@commands.command()
def show(context: typer.Context, page: Id, *, as_json: flags.AsJson = False) -> None:
    """Show a page: each step, when it was due, and who was told."""
    with told():
        found = client_of(context).get(_path(page))
    if as_json:
        show_json(found)
        return
    say(f"[{found['severity']}] {found['title']}: {found['state']}")
    for late in found["lates"]:
        say(f"LATE {late['step']}: {late['why']}")
    rows = [row for step in found["steps"] for row in _rows(step)]
    nobody = f"at {found['severity']} this policy tells nobody"
    show_table(("step", "due", "state", "at", "who", "by", "why"), rows, nobody)


@commands.command("open")
def page_somebody(
    context: typer.Context,
    policy: Annotated[str, typer.Argument(metavar="POLICY", help="Under which.")],
    title: Annotated[str, typer.Argument(help="What is the matter, in a line.")],
    *,
    tenant: Annotated[str, typer.Option(help="Whose; default: the platform's.")] = "_platform",
    severity: Annotated[str, typer.Option(help="SEV-1, P1, critical; default: the worst.")] = "",
    about: Annotated[str, typer.Option(help="As alert/12.")] = "",
    key: Annotated[str, typer.Option(help="The same open key is the same page.")] = "",
    flag: Flag = None,
    as_json: flags.AsJson = False,
) -> None:
    """Page somebody."""
    body = {
        "tenant": tenant,
        "policy": policy,
        "title": title,
        "severity": severity,
        "about": about,
        "key": key,
        "flags": flag or [],
    }
    with told():
        done = client_of(context).post(HERE, body)
    tell(f"page {done['id']} is open at {done['severity']}", done, as_json=as_json)


@commands.command()
def acknowledge(
    context: typer.Context,
    page: Id,
    *,
    by: By = "",
    eta: Annotated[int | None, typer.Option("--eta-min", help="Told to who was told.")] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Say that one looks after a page, and its alerts."""
    with told():
        body = {"by": by, "eta_min": eta}
        done = client_of(context).post(f"{_path(page)}/acknowledge", body)
    tell(f"{done['acknowledged_by']} looks after page {page}", done, as_json=as_json)


@commands.command()
def resolve(
    context: typer.Context, page: Id, *, by: By = "", as_json: flags.AsJson = False
) -> None:
    """Say that a page wants nobody any more; its alerts are resolved too."""
    with told():
        done = client_of(context).post(f"{_path(page)}/resolve", {"by": by})
    tell(f"page {page} is resolved", done, as_json=as_json)


@commands.command()
def change(
    context: typer.Context,
    page: Id,
    *,
    severity: Annotated[str, typer.Option(help="Default: as it is.")] = "",
    flag: Flag = None,
    why: Annotated[str, typer.Option(help="Why, for its history.")] = "",
    as_json: flags.AsJson = False,
) -> None:
    """Have a page be of another severity, of other flags; the rest is planned anew."""
    with told():
        body = {"severity": severity, "flags": flag, "why": why}
        done = client_of(context).post(f"{_path(page)}/change", body)
    tell(f"page {page} is {done['severity']} now", done, as_json=as_json)


def _rows(step: dict[str, Any]) -> list[tuple[object, ...]]:
    name = f"{step['level']} {step['kind']}" + (f" {step['number']}" if step["number"] else "")
    head = (name, step["due_at"], step["state"], step["at"] or "")
    ways = step["told"] or [{"who": "", "by": "", "why": step["why"], "sent": ""}]
    return [
        (*head, one["who"], f"{one['by']} {one['sent']}".strip(), one["why"] or step["why"])
        for one in ways
    ]


def _path(page: str) -> str:
    return f"{HERE}/{quote(page, safe='')}"
