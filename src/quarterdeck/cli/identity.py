"""quarterdeck identity: who is in the directories, and how they prove who they are."""

import json
from typing import Annotated, Any

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import say, show_json, show_lines, show_table

URL = "/api/v1/identity"
EMPTY = "nobody is as asked; read the directories with: quarterdeck sync run identity"

commands = typer.Typer(
    add_completion=False,
    help="Who is in the directories, and how they prove who they are.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Tenant = Annotated[
    list[str] | None, typer.Option(help="Only this tenant or directory; repeat for more.")
]


@commands.command()
def summary(
    context: typer.Context, *, tenant: Tenant = None, as_json: flags.AsJson = False
) -> None:
    """Show identity in numbers: what is known, and what is not."""
    with told():
        found = client_of(context).get(f"{URL}/summary", tenant_ids=_joined(tenant))
    if as_json:
        show_json(found)
        return
    counts = found["counts"] or {}
    rows = [
        (name, told_of["yes"], told_of["no"], told_of["not_known"])
        for name, told_of in counts.items()
        if isinstance(told_of, dict)
    ]
    show_table(("users", "yes", "no", "not known"), rows, EMPTY)
    for gap in found["not_known"]:
        say(f"not known: {gap['what']} of {gap['tenant']}; missing: {gap['missing']}")


@commands.command()
def users(
    context: typer.Context,
    *,
    tenant: Tenant = None,
    text: Annotated[str | None, typer.Option(help="Part of a name.")] = None,
    stale: Annotated[str | None, typer.Option(metavar="yes|no|not_known")] = None,
    enforced: Annotated[str | None, typer.Option(metavar="yes|no|not_known")] = None,
    registered: Annotated[str | None, typer.Option(metavar="yes|no|not_known")] = None,
    as_json: flags.AsJson = False,
    as_lines: flags.AsLines = False,
) -> None:
    """Show users by name."""
    asked = {
        "text": text,
        "stale": stale,
        "mfa_enforced": enforced,
        "mfa_registered": registered,
    }
    _show_users(context, "users", tenant, asked, as_json=as_json, as_lines=as_lines)


@commands.command()
def privileged(
    context: typer.Context, *, tenant: Tenant = None, as_json: flags.AsJson = False
) -> None:
    """Show who is privileged, in a directory or on a subscription, also through groups."""
    _show_users(context, "privileged", tenant, {}, as_json=as_json)


@commands.command()
def credentials(
    context: typer.Context,
    *,
    tenant: Tenant = None,
    days: Annotated[int, typer.Option(min=0, max=3650, help="That end within so many.")] = 30,
    as_json: flags.AsJson = False,
) -> None:
    """Show secrets and certificates of applications that ended, or end soon."""
    with told():
        found = client_of(context).get(
            f"{URL}/credentials", tenant_ids=_joined(tenant), within_days=days
        )
    if as_json:
        show_json(found)
        return
    rows = [(c["application"], c["kind"], c["name"], c["ends_at"], c["due"]) for c in found]
    show_table(("application", "kind", "name", "ends", "due"), rows, "none ends so soon")


def _show_users(
    context: typer.Context,
    what: str,
    tenant: list[str] | None,
    asked: dict[str, str | None],
    *,
    as_json: bool,
    as_lines: bool = False,
) -> None:
    with told():
        named = _joined(tenant)
        each = client_of(context).each(f"{URL}/{what}", "users", tenant_ids=named, **asked)
        if as_lines:
            show_lines(json.dumps(user, ensure_ascii=False) for user in each)
            return
        found = list(each)
    if as_json:
        show_json(found)
        return
    show_table(COLUMNS, [_row(user) for user in found], EMPTY)


COLUMNS = ("name", "sign-in name", "tenant", "stale", "privileged", "registered", "enforced")


def _row(user: dict[str, Any]) -> tuple[object, ...]:
    verdicts = ("stale", "privileged", "mfa_registered", "mfa_enforced")
    return (user["name"], user["sign_in_name"], user["tenant"], *(user[v] for v in verdicts))


def _joined(tenant: list[str] | None) -> str | None:
    return ",".join(tenant) if tenant else None
