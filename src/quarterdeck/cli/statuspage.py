"""quarterdeck statuspage: what customers see of how things are, and what they are told."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from quarterdeck.cli import flags, statuspage_component
from quarterdeck.cli.client import Client, CliProblem, client_of, told
from quarterdeck.cli.output import FOUND, WRONG_USE, say, show_json, show_table, stop, tell
from quarterdeck.cli.statuspage_component import HERE, Tenant, how

NOT_THERE = "there is no status page"
NO_COMPONENT = "no component: quarterdeck statuspage component add NAME --title TITLE"
NO_POST = "nothing is posted that is not over"
FILES = (
    *("summary", "status", "components", "incidents"),
    *("incidents/unresolved", "scheduled-maintenances"),
)

commands = typer.Typer(
    add_completion=False,
    help="What customers see of how things are, and what they are told.",
    rich_markup_mode=None,
    no_args_is_help=True,
)
commands.add_typer(statuspage_component.commands, name="component")

Which = Annotated[str, typer.Argument(metavar="POST", help="Its id.")]
Text = Annotated[str, typer.Argument(help="What customers read.")]
Stage = Annotated[
    str | None,
    typer.Option(help="investigating, identified, monitoring, resolved; scheduled, in_progress."),
]
Affected = Annotated[
    list[str] | None,
    typer.Option("--affects", metavar="COMPONENT=STATUS", help="How one is now; repeat it."),
]


@commands.command()
def show(
    context: typer.Context, *, tenant: Tenant = "_platform", as_json: flags.AsJson = False
) -> None:
    """Show the page: components, and what is posted that is not over. 1: a post is overdue."""
    with told():
        found = client_of(context).get(_path(tenant))
    if as_json:
        show_json(found)
    else:
        _show(found)
    if found["overdue"]:
        raise typer.Exit(FOUND)


@commands.command("set")
def put(
    context: typer.Context,
    slug: Annotated[str | None, typer.Argument(help="Its address: /status/SLUG.")] = None,
    *,
    title: Annotated[str | None, typer.Option(help="Whose it is, for customers.")] = None,
    intro: Annotated[str | None, typer.Option(help="What stands above all.")] = None,
    support: Annotated[str | None, typer.Option(help="Where to turn: https or mailto.")] = None,
    tenant: Tenant = "_platform",
    as_json: flags.AsJson = False,
) -> None:
    """Write the page, or change what is said; the rest stays. A new one is not published."""
    said = {"slug": slug, "title": title, "intro": intro, "support": support}
    given = {key: value for key, value in said.items() if value is not None}
    with told():
        client = client_of(context)
        old, version = _standing(client, tenant)
        spec = old | given
        if "slug" not in spec:
            stop("a new page needs an address: quarterdeck statuspage set SLUG", WRONG_USE)
        path = f"{_path(tenant)}?expected_version={version}"
        done = client.put(path, {"title": spec["slug"]} | spec)
    tell(f"{done['path']} is at version {done['version']}", done, as_json=as_json)


@commands.command()
def publish(
    context: typer.Context, *, tenant: Tenant = "_platform", as_json: flags.AsJson = False
) -> None:
    """Have strangers see the page."""
    _publish(context, tenant, shown=True, as_json=as_json)


@commands.command()
def unpublish(
    context: typer.Context, *, tenant: Tenant = "_platform", as_json: flags.AsJson = False
) -> None:
    """Have strangers see the page no more: to them there is none."""
    _publish(context, tenant, shown=False, as_json=as_json)


@commands.command()
def delete(
    context: typer.Context,
    *,
    tenant: Tenant = "_platform",
    yes: flags.Yes = False,
    as_json: flags.AsJson = False,
) -> None:
    """Take the page away with its components, posts and subscribers."""
    if not yes:
        typer.confirm("Delete the status page and all that is on it?", abort=True, err=True)
    with told():
        client_of(context).delete(_path(tenant))
    tell("the status page is deleted", {"tenant": tenant}, as_json=as_json)


@commands.command()
def post(
    context: typer.Context,
    title: Annotated[str, typer.Argument(help="In one line.")],
    text: Text,
    *,
    impact: Annotated[
        str | None, typer.Option(help="none, minor, major or critical; default: minor.")
    ] = None,
    stage: Stage = None,
    affects: Affected = None,
    incident: Annotated[
        str, typer.Option(help="Our own, as INC-2026-000123; customers never see it.")
    ] = "",
    starts: Annotated[datetime | None, typer.Option(help="Of maintenance, UTC.")] = None,
    ends: Annotated[datetime | None, typer.Option(help="Of maintenance, UTC.")] = None,
    tenant: Tenant = "_platform",
    as_json: flags.AsJson = False,
) -> None:
    """Post an incident; with --starts and --ends: maintenance."""
    said: dict[str, Any] = {
        "title": title,
        "text": text,
        "kind": "maintenance" if starts or ends else "incident",
        "impact": impact,
        "stage": stage,
        "affected": _affected(affects),
        "incident": incident,
        "starts_at": _utc(starts),
        "ends_at": _utc(ends),
    }
    with told():
        done = client_of(context).post(f"{_path(tenant)}/posts", said)
    _posted(done, as_json=as_json)


@commands.command()
def update(
    context: typer.Context,
    post: Which,
    text: Text,
    *,
    stage: Stage = None,
    affects: Affected = None,
    tenant: Tenant = "_platform",
    as_json: flags.AsJson = False,
) -> None:
    """Say what became of a post; subscribers are mailed."""
    _update(context, tenant, post, text, stage, affects, as_json=as_json)


@commands.command()
def resolve(
    context: typer.Context,
    post: Which,
    text: Annotated[str, typer.Argument(help="What customers read.")] = "It is over.",
    *,
    tenant: Tenant = "_platform",
    as_json: flags.AsJson = False,
) -> None:
    """Say that an incident is over: its components follow their services again."""
    _update(context, tenant, post, text, "resolved", None, as_json=as_json)


@commands.command()
def withdraw(
    context: typer.Context,
    post: Which,
    *,
    tenant: Tenant = "_platform",
    yes: flags.Yes = False,
    as_json: flags.AsJson = False,
) -> None:
    """Take a post off the page, with all that was said in it; mails stay sent."""
    if not yes:
        typer.confirm(f"Withdraw post {post}?", abort=True, err=True)
    with told():
        client_of(context).delete(f"{_path(tenant)}/posts/{quote(post, safe='')}")
    tell(f"post {post} is withdrawn", {"post": post}, as_json=as_json)


@commands.command()
def posts(
    context: typer.Context, *, tenant: Tenant = "_platform", as_json: flags.AsJson = False
) -> None:
    """Show all that was posted, newest first."""
    with told():
        found = client_of(context).rows(f"{_path(tenant)}/posts", "posts")
    if as_json:
        show_json(found)
    else:
        _show_posts(found)


@commands.command()
def subscribers(
    context: typer.Context,
    *,
    remove: Annotated[str, typer.Option(metavar="ID", help="Forget this one.")] = "",
    tenant: Tenant = "_platform",
    as_json: flags.AsJson = False,
) -> None:
    """Show who is told by mail, or forget one of them."""
    path = f"{_path(tenant)}/subscribers"
    with told():
        client = client_of(context)
        if remove:
            client.delete(f"{path}/{quote(remove, safe='')}")
        found = client.rows(path, "subscribers")
    if as_json:
        show_json(found)
        return
    rows = [(one["id"], one["address"], one["confirmed_at"]) for one in found]
    show_table(("subscriber", "address", "since"), rows, "nobody is told by mail")


@commands.command()
def export(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Made if it is not there.")],
    *,
    tenant: Tenant = "_platform",
    as_json: flags.AsJson = False,
) -> None:
    """Write the published page as files, as it is served: for a host that stands when we do not."""
    with told():
        client = client_of(context)
        page = client.get(_path(tenant))["page"]
        if not page["published"]:
            stop("the page is not published: quarterdeck statuspage publish", WRONG_USE)
        written = _export(client, page["path"], folder)
    done = {"folder": str(folder), "files": written}
    tell(f"{len(written)} files in {folder}", done, as_json=as_json)


def _export(client: Client, here: str, folder: Path) -> list[str]:
    """Each file under the path that it is served at; a page of HTML is its folder's index."""
    wanted = {here: f"{here}/index.html", f"{here}/feed.atom": f"{here}/feed.atom"}
    wanted |= {f"{here}/api/v2/{name}.json": f"{here}/api/v2/{name}.json" for name in FILES}
    for name in ("incidents", "scheduled-maintenances"):
        found = client.get(f"{here}/api/v2/{name}.json")
        for one in found[name.replace("-", "_")]:
            there = f"{here}/posts/{quote(one['id'], safe='')}"
            wanted[there] = f"{there}/index.html"
    for there, name in wanted.items():
        file = folder / name.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(client.get_bytes(there))
    return sorted(name.lstrip("/") for name in wanted.values())


def _publish(context: typer.Context, tenant: str, *, shown: bool, as_json: bool) -> None:
    with told():
        done = client_of(context).put(f"{_path(tenant)}/published", {"published": shown})
    words = f"{done['path']} is {'published' if shown else 'not published'}"
    tell(words, done, as_json=as_json)


def _update(
    context: typer.Context,
    tenant: str,
    post: str,
    text: str,
    stage: str | None,
    affects: list[str] | None,
    *,
    as_json: bool,
) -> None:
    said = {"text": text, "stage": stage, "affected": _affected(affects)}
    path = f"{_path(tenant)}/posts/{quote(post, safe='')}/updates"
    with told():
        done = client_of(context).post(path, said)
    _posted(done, as_json=as_json)


def _posted(done: dict[str, Any], *, as_json: bool) -> None:
    one = done["post"]
    due = f"; the next update is due by {one['due_at']}" if one["due_at"] else ""
    tell(f"{one['id']} {one['title']}: {one['stage']}{due}", done, as_json=as_json)


def _show(found: dict[str, Any]) -> None:
    page = found["page"]
    state = "published" if page["published"] else "not published"
    say(f"{page['title']}: {page['path']}, {state}; {found['subscribers']} told by mail")
    rows = [(one["name"], one["title"], how(one), _source(one)) for one in found["components"]]
    show_table(("component", "title", "status", "follows"), rows, NO_COMPONENT)
    _show_posts(found["open"])
    if found["overdue"]:
        say(f"overdue: customers of {found['overdue']} heard nothing for an hour")


def _show_posts(found: list[dict[str, Any]]) -> None:
    rows = [
        (
            one["id"],
            one["title"],
            one["stage"],
            one["impact"],
            one["updated_at"],
            "overdue" if one["overdue"] else one["due_at"] or "",
        )
        for one in found
    ]
    columns = ("post", "title", "stage", "impact", "updated", "next due")
    show_table(columns, rows, NO_POST)


def _source(one: dict[str, Any]) -> str:
    return f"{one['environment']}/{one['service']}" if one["service"] else ""


def _standing(client: Client, tenant: str) -> tuple[dict[str, Any], int]:
    """What is said on the page, and its version; 0: there is none yet."""
    try:
        page = client.get(_path(tenant))["page"]
    except CliProblem as problem:
        if NOT_THERE not in str(problem):
            raise
        return {}, 0
    return {key: page[key] for key in ("slug", "title", "intro", "support")}, page["version"]


def _affected(said: list[str] | None) -> dict[str, str]:
    pairs = [one.partition("=") for one in said or ()]
    wrong = next((name for name, found, status in pairs if not (name and found and status)), None)
    if wrong is not None:
        stop(f"--affects {wrong}: expected COMPONENT=STATUS, as web=partial_outage", WRONG_USE)
    return {name: status for name, _, status in pairs}


def _utc(at: datetime | None) -> str | None:
    return None if at is None else f"{at.isoformat()}Z"


def _path(tenant: str) -> str:
    return f"{HERE}/{quote(tenant, safe='')}"
