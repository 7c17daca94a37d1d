"""quarterdeck resource: the inventory."""

import json
from typing import Annotated

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import FOUND, say, show_json, show_lines, show_table

URL = "/api/v1/resources"

commands = typer.Typer(
    add_completion=False,
    help="Resources that the cloud last reported.",
    rich_markup_mode=None,
    no_args_is_help=True,
)


@commands.command("list")
def list_resources(
    context: typer.Context,
    *,
    tenant: Annotated[
        list[str] | None, typer.Option(help="Only this tenant or directory; repeat for more.")
    ] = None,
    kind: Annotated[str | None, typer.Option("--type", help="As the cloud names it.")] = None,
    location: Annotated[str | None, typer.Option(help="As the cloud names it.")] = None,
    tag: Annotated[str | None, typer.Option(metavar="NAME[=VALUE]")] = None,
    text: Annotated[str | None, typer.Option(help="Part of a name, in any case.")] = None,
    group: Annotated[str | None, typer.Option(help="A resource group, in any case.")] = None,
    owner: Annotated[str | None, typer.Option(help="By one of the owner tags, exactly.")] = None,
    finding: Annotated[
        str | None, typer.Option(help="That this rule found, or any; see: resource waste.")
    ] = None,
    sort: Annotated[str | None, typer.Option(metavar="type|name|newest")] = None,
    deleted: Annotated[bool, typer.Option("--deleted", help="Also what is gone.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=500, help="Resources to show.")] = 50,
    as_json: flags.AsJson = False,
    as_lines: flags.AsLines = False,
) -> None:
    """Show resources by type and name."""
    asked = {
        "tenant_ids": ",".join(tenant) if tenant else None,
        "type": kind,
        "location": location,
        "tag": tag,
        "text": text,
        "group": group,
        "owner": owner,
        "finding": finding,
        "sort": sort,
        "deleted": "true" if deleted else None,
    }
    with told():
        client = client_of(context)
        if as_lines:
            show_lines(client.lines(URL, **asked))
            return
        found = client.get(URL, **asked, limit=limit)
    if as_json:
        show_json(found["resources"])
        return
    rows = [
        (r["id"], r["name"], r["type"], r["location"], r["tenant"], r["deleted_at"] or "")
        for r in found["resources"]
    ]
    columns = ("id", "name", "type", "location", "tenant", "gone since")
    show_table(columns, rows, "no resource is as asked; bring them in with: quarterdeck sync run")
    if found["total_resources"] > len(rows):
        say(f"{len(rows)} of {found['total_resources']}; narrow it down, or raise --limit")


@commands.command()
def show(
    context: typer.Context,
    resource: Annotated[str, typer.Argument(metavar="ID", help="As resource list shows it.")],
    *,
    as_json: flags.AsJson = False,
) -> None:
    """Show all that the cloud says of a resource, and how it changed."""
    with told():
        found = client_of(context).get(f"{URL}/{resource}")
    if as_json:
        show_json(found)
        return
    typer.echo(json.dumps(found["body"], indent=2, ensure_ascii=False))
    rows = [(c["at"], c["what"], c["run"]) for c in found["history"]]
    show_table(("at", "what", "run"), rows, "")


@commands.command()
def waste(context: typer.Context, *, as_json: flags.AsJson = False) -> None:
    """Show the rules on what nobody uses, and what each finds. Exits 1 if one finds something."""
    with told():
        found = client_of(context).get(f"{URL}/rules")
    if as_json:
        show_json(found)
    else:
        rows = [
            (
                r["rule"],
                "not known" if r["found"] is None else r["found"],
                r["not_known"],
                r["remedy"],
            )
            for r in found
        ]
        show_table(("rule", "found", "not known", "what to do"), rows, "")
    if any(rule["found"] for rule in found):
        raise typer.Exit(FOUND)


def _known(value: int | None) -> int | str:
    return "not known" if value is None else value
