"""quarterdeck trail query|timeline|actor|resource|projections: ask the trail."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import say, show_json, show_table, tell

EVENTS = "/api/v1/audit/events"
PROJECTIONS = "/api/v1/audit/projections"
MOST = 500

Tenant = Annotated[str, typer.Option(metavar="TENANT", help="Whose log; needed if you read many.")]
From = Annotated[
    str, typer.Option("--from", metavar="TIME", help="Occurred then, or later: RFC 3339.")
]
To = Annotated[str, typer.Option(metavar="TIME", help="Occurred before.")]
Limit = Annotated[int, typer.Option(min=1, max=MOST, help="How many, newest first.")]
Projection = Annotated[
    str, typer.Argument(metavar="PROJECTION", help="timeline, actor, resource, fields or search.")
]

projections = typer.Typer(
    add_completion=False,
    help="Read models of the trail: how far behind, hold, make anew.",
    rich_markup_mode=None,
    no_args_is_help=True,
)


def query(
    context: typer.Context,
    *,
    tenant: Tenant = "",
    since: From = "",
    to: To = "",
    actor: Annotated[str, typer.Option(help="Who acted: an id.")] = "",
    action: Annotated[str, typer.Option(help="What was done: orders:create.")] = "",
    resource_type: Annotated[str, typer.Option("--type", help="Type of what it was done to.")] = "",
    resource: Annotated[str, typer.Option(help="Id of what it was done to.")] = "",
    outcome: Annotated[str, typer.Option(help="success, failure or denied.")] = "",
    cls: Annotated[str, typer.Option("--class", help="Class that a field of it has.")] = "",
    correlation: Annotated[str, typer.Option(help="Trace, request, or what caused it.")] = "",
    field: Annotated[
        list[str] | None,
        typer.Option(
            "--field",
            metavar="PATH:VALUE",
            help="A committed field, exactly: /payload/email:ada@example.com. Without the value "
            "it is asked for, unseen. The look leaves a record.",
        ),
    ] = None,
    words: Annotated[str, typer.Option("--text", help="Words of the clear payload.")] = "",
    proof: Annotated[bool, typer.Option("--proof", help="With one proof for all of them.")] = False,
    limit: Limit = 50,
    as_json: flags.AsJson = False,
) -> None:
    """Find records by any of these, all together."""
    asked = {
        "tenant": tenant,
        "from": since,
        "to": to,
        "actor": actor,
        "action": action,
        "resource_type": resource_type,
        "resource": resource,
        "outcome": outcome,
        "class": cls,
        "correlation": correlation,
        "field": [_valued(one) for one in field or ()],
        "q": words,
        "proof": "true" if proof else "",
    }
    _show(context, asked, limit, as_json=as_json or proof)


def timeline(
    context: typer.Context,
    *,
    tenant: Tenant = "",
    since: From = "",
    to: To = "",
    limit: Limit = 50,
    as_json: flags.AsJson = False,
) -> None:
    """Show what was done, by when it occurred."""
    _show(context, {"tenant": tenant, "from": since, "to": to}, limit, as_json=as_json)


def actor(
    context: typer.Context,
    who: Annotated[str, typer.Argument(metavar="ACTOR", help="An actor's id.")],
    *,
    tenant: Tenant = "",
    since: From = "",
    to: To = "",
    limit: Limit = 50,
    as_json: flags.AsJson = False,
) -> None:
    """Show what one actor did."""
    asked = {"tenant": tenant, "actor": who, "from": since, "to": to}
    _show(context, asked, limit, as_json=as_json)


def resource(
    context: typer.Context,
    thing: Annotated[str, typer.Argument(metavar="RESOURCE", help="A resource's id.")],
    *,
    kind: Annotated[str, typer.Option("--type", help="Its type.")] = "",
    tenant: Tenant = "",
    since: From = "",
    to: To = "",
    limit: Limit = 50,
    as_json: flags.AsJson = False,
) -> None:
    """Show what was done to one thing."""
    asked = {
        "tenant": tenant,
        "resource": thing,
        "resource_type": kind,
        "from": since,
        "to": to,
    }
    _show(context, asked, limit, as_json=as_json)


@projections.command("list")
def list_projections(context: typer.Context, *, as_json: flags.AsJson = False) -> None:
    """Show how far each read model is behind its log."""
    with told():
        found = client_of(context).get(PROJECTIONS)["projections"]
    if as_json:
        show_json(found)
        return
    columns = ("projection", "tenant", "watermark", "behind", "lag s", "skipped", "paused")
    shown = ("projection", "tenant", "watermark", "behind", "lag_s", "skipped")
    rows = [[*(p[name] for name in shown), "yes" if p["paused"] else ""] for p in found]
    show_table(columns, rows, "no log has begun")


@projections.command()
def pause(context: typer.Context, projection: Projection, *, as_json: flags.AsJson = False) -> None:
    """Hold a projection of every log; what comes meanwhile waits for it."""
    with told():
        held = client_of(context).post(f"{PROJECTIONS}/{projection}/pause")
    tell(f"{projection} is held; let it go on with resume", held, as_json=as_json)


@projections.command()
def resume(
    context: typer.Context, projection: Projection, *, as_json: flags.AsJson = False
) -> None:
    """Let a projection go on where it stood."""
    with told():
        freed = client_of(context).post(f"{PROJECTIONS}/{projection}/resume")
    tell(f"{projection} goes on", freed, as_json=as_json)


@projections.command()
def rebuild(
    context: typer.Context,
    projection: Projection,
    *,
    tenant: Annotated[str, typer.Option(metavar="TENANT", help="Whose log.")],
    since: From = "",
    to: To = "",
    yes: Annotated[
        bool, typer.Option("--yes", help="Put in what differs; else only compare.")
    ] = False,
    as_json: flags.AsJson = False,
) -> None:
    """Make a read model anew from the log and compare it; with --yes, put in what differs."""
    body = {"tenant": tenant, "from": since or None, "to": to or None, "dry_run": not yes}
    with told():
        begun = client_of(context).post(f"{PROJECTIONS}/{projection}/rebuild", body)
    how = "is made anew" if yes else "is compared (dry run; --yes changes)"
    tell(
        f"{projection} of {tenant} {how}: quarterdeck job show {begun['job']}",
        begun,
        as_json=as_json,
    )


def _valued(field: str) -> str:
    if ":" in field:
        return field
    # What stands in a line, stands in the shell's history too.
    return f"{field}:{typer.prompt(field, hide_input=True, err=True)}"


def _show(
    context: typer.Context, asked: Mapping[str, object], limit: int, *, as_json: bool
) -> None:
    given = {name: value for name, value in asked.items() if value}
    with told():
        found = client_of(context).get(EVENTS, limit=limit, **given)
    if as_json:
        show_json(found)
        return
    behind = found["size"] - found["through"]
    if behind:
        say(f"{behind} records of the log are too new for the read model: ask again in a second")
    columns = ("index", "occurred", "actor", "action", "resource", "outcome", "proven")
    show_table(columns, map(row, found["events"]), "nothing is as asked")


def row(view: dict[str, Any]) -> tuple[object, ...]:
    """A record as a line."""
    record = view["record"]
    return (
        view["index"],
        record["occurred_at"],
        record["actor"]["id"],
        record["action"],
        f"{record['resource']['type']}:{record['resource']['id']}",
        record["outcome"],
        "yes" if view["proven"] else "not yet",
    )
