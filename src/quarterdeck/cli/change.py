"""quarterdeck change: what was changed, and whether one may change something now."""

from typing import Annotated, Any

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import DONE, FOUND, say, show_json, show_table, tell

CHANGES, FREEZES = "/api/v1/changes", "/api/v1/freezes"

commands = typer.Typer(
    add_completion=False,
    help="What was changed, and whether one may change something now.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Tenant = Annotated[str, typer.Option(help="Whose; default: the platform's.")]
Environment = Annotated[str, typer.Option(help="Where.")]
Service = Annotated[str, typer.Option(help="What.")]


@commands.command("list")
def show(
    context: typer.Context,
    *,
    tenant: Annotated[str, typer.Option(help="Only of this tenant.")] = "",
    environment: Environment = "",
    service: Service = "",
    since: Annotated[str, typer.Option(metavar="TIME", help="Default: a day ago.")] = "",
    as_json: flags.AsJson = False,
) -> None:
    """Show what was changed, newest first."""
    asked = {"tenant": tenant, "environment": environment, "service": service, "since": since}
    with told():
        found = client_of(context).get(CHANGES, **{k: v or None for k, v in asked.items()})[
            "changes"
        ]
    if as_json:
        show_json(found)
        return
    rows = [
        (c["at"], c["kind"], c["tenant"], c["environment"], c["service"], c["title"], c["by"])
        for c in found
    ]
    columns = ("at", "kind", "tenant", "environment", "service", "what", "by")
    show_table(columns, rows, "nothing was changed, as far as anybody told")


@commands.command()
def record(
    context: typer.Context,
    title: Annotated[str, typer.Argument(metavar="WORDS", help="What was done.")],
    *,
    kind: Annotated[str, typer.Option(help="deploy, rollback, config or rotation.")] = "deploy",
    tenant: Tenant = "_platform",
    environment: Environment = "",
    service: Service = "",
    version: Annotated[str, typer.Option(help="Of what was deployed.")] = "",
    link: Annotated[str, typer.Option(metavar="URL", help="Where more is to be read.")] = "",
    as_json: flags.AsJson = False,
) -> None:
    """Tell that something was changed."""
    body = {
        "title": title,
        "kind": kind,
        "tenant": tenant,
        "environment": environment,
        "service": service,
        "version": version,
        "link": link,
    }
    with told():
        done = client_of(context).post(CHANGES, body)
    tell(f"recorded {done['id']}", done, as_json=as_json)


@commands.command("may-deploy")
def may_deploy(
    context: typer.Context,
    *,
    tenant: Tenant = "_platform",
    environment: Environment = "",
    purpose: Annotated[str, typer.Option(help="feature, stability or hotfix.")] = "feature",
    kind: Annotated[str, typer.Option(help="deploy, rollback, config or rotation.")] = "deploy",
    as_json: flags.AsJson = False,
) -> None:
    """Ask whether one may change something now. Exits 1 if not."""
    asked = {"tenant": tenant, "environment": environment, "purpose": purpose, "kind": kind}
    with told():
        found = client_of(context).get(f"{CHANGES}/may-deploy", **asked)
    if as_json:
        show_json(found)
    elif found["allowed"]:
        say("yes: no freeze refuses it")
    else:
        show_table(("freeze", "level", "until", "reason"), map(_freeze, found["freezes"]), "")
        say("no")
    raise typer.Exit(DONE if found["allowed"] else FOUND)


@commands.command()
def freeze(
    context: typer.Context,
    *,
    reason: Annotated[str, typer.Option(help="Why.")],
    level: Annotated[str, typer.Option(help="features, emergency or everything.")] = "features",
    tenant: Tenant = "_platform",
    environment: Environment = "",
    until: Annotated[str, typer.Option(metavar="TIME", help="Default: until it is ended.")] = "",
    as_json: flags.AsJson = False,
) -> None:
    """Refuse changes from now on."""
    body = {
        "reason": reason,
        "level": level,
        "tenant": tenant,
        "environment": environment,
        "until": until or None,
    }
    with told():
        done = client_of(context).post(FREEZES, body)
    tell(f"frozen: {done['id']}", done, as_json=as_json)


@commands.command()
def thaw(
    context: typer.Context,
    freeze_id: Annotated[str, typer.Argument(metavar="FREEZE", help="Its id.")],
    *,
    as_json: flags.AsJson = False,
) -> None:
    """End a freeze."""
    with told():
        done = client_of(context).post(f"{FREEZES}/{freeze_id}/end")
    tell(f"{freeze_id} is over", done, as_json=as_json)


@commands.command()
def freezes(context: typer.Context, *, as_json: flags.AsJson = False) -> None:
    """Show the freezes in force."""
    with told():
        found = client_of(context).get(FREEZES)["freezes"]
    if as_json:
        show_json(found)
        return
    columns = ("freeze", "level", "until", "reason")
    show_table(columns, map(_freeze, found), "no freeze is in force")


def _freeze(one: dict[str, Any]) -> tuple[object, ...]:
    return (one["id"], one["level"], one["until"] or "it is ended", one["reason"])
