"""quarterdeck tenant: the units of isolation."""

from typing import Annotated, Any

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import FOUND, WRONG_USE, say, show_json, show_table, stop, tell

commands = typer.Typer(
    add_completion=False,
    help="Tenants: the units of isolation.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

TenantId = Annotated[str, typer.Argument(metavar="TENANT", help="As tenant list shows it.")]
Text = Annotated[str | None, typer.Option()]
COLUMNS = ("tenant", "name", "owner", "directories", "archived")


@commands.command()
def connect(
    context: typer.Context,
    directory: Annotated[str, typer.Argument(help="The cloud's id of its first directory.")],
    name: Annotated[str, typer.Argument(help="What people call it.")],
    *,
    description: Annotated[str, typer.Option()] = "",
    client_id: Annotated[str, typer.Option(help="Application; empty: the platform's own.")] = "",
    client_secret_ref: Annotated[
        str, typer.Option(metavar="REF", help="env:NAME or file:PATH, never the secret.")
    ] = "",
    lighthouse: Annotated[bool, typer.Option("--lighthouse", help="Delegated access.")] = False,
    owner: Annotated[str, typer.Option(help="Who answers for it.")] = "",
    purpose: Annotated[str, typer.Option()] = "",
    as_json: flags.AsJson = False,
) -> None:
    """Connect a cloud directory as a new tenant, and print the tenant's id."""
    body = {
        "tenant_id": directory,
        "name": name,
        "description": description,
        "client_id": client_id,
        "client_secret_ref": client_secret_ref,
        "use_lighthouse": lighthouse,
        "owner": owner,
        "purpose": purpose,
    }
    with told():
        added = client_of(context).post("/api/v1/tenants", body)
    if as_json:
        show_json(added)
        return
    typer.echo(added["id"])
    for words in added["warnings"]:
        say(f"warning: {words}")
    say(f"work through its checklist with: quarterdeck tenant checklist {added['id']}")
    say("see its first sync with: quarterdeck sync status")


@commands.command("list")
def list_tenants(context: typer.Context, *, as_json: flags.AsJson = False) -> None:
    """Show the tenants that I may see."""
    with told():
        found = client_of(context).get("/api/v1/tenants")
    if as_json:
        show_json(found)
        return
    rows = [
        (t["id"], t["name"], t["owner"], _directories(t["connections"]), t["archived_at"])
        for t in found
    ]
    show_table(COLUMNS, rows, "no tenant yet; connect one with: quarterdeck tenant connect")


@commands.command()
def show(context: typer.Context, tenant: TenantId, *, _as_json: flags.AsJson = False) -> None:
    """Show one tenant as JSON."""
    with told():
        show_json(client_of(context).get(f"/api/v1/tenants/{tenant}"))


@commands.command()
def rename(
    context: typer.Context,
    tenant: TenantId,
    name: Annotated[str, typer.Argument(help="What people shall call it.")],
    *,
    description: Text = None,
    owner: Text = None,
    purpose: Text = None,
    as_json: flags.AsJson = False,
) -> None:
    """Give a tenant another name, and other words if named. Its id stays."""
    words = {"name": name, "description": description, "owner": owner, "purpose": purpose}
    body = {key: value for key, value in words.items() if value is not None}
    with told():
        changed = client_of(context).patch(f"/api/v1/tenants/{tenant}", body)
    if as_json:
        show_json(changed)
        return
    say(f"{tenant} is called {changed['name']}")


@commands.command()
def checklist(context: typer.Context, tenant: TenantId, *, as_json: flags.AsJson = False) -> None:
    """Show how far a tenant's onboarding is, and what to do next."""
    with told():
        found = client_of(context).get(f"/api/v1/tenants/{tenant}/onboarding")
    _show_checklist(found, as_json=as_json)


@commands.command()
def record(
    context: typer.Context,
    tenant: TenantId,
    item: Annotated[str, typer.Argument(help="As tenant checklist shows it.")],
    state: Annotated[str, typer.Argument(help="done, failed, open or not_needed.")],
    *,
    evidence: Annotated[str, typer.Option(help="Where the proof lies.")] = "",
    as_json: flags.AsJson = False,
) -> None:
    """Say how an item of a tenant's checklist stands."""
    body = {"state": state, "evidence": evidence}
    with told():
        found = client_of(context).put(f"/api/v1/tenants/{tenant}/onboarding/{item}", body)
    _show_checklist(found, as_json=as_json)


@commands.command()
def verify(context: typer.Context, tenant: TenantId, *, as_json: flags.AsJson = False) -> None:
    """Look whether a tenant is listed, synced, and its data flowing; exit 1 if it is not."""
    with told():
        found = client_of(context).post(f"/api/v1/tenants/{tenant}/onboarding/verify")
    _show_checklist(found, as_json=as_json)
    if found["items"][-1]["state"] != "done":
        raise typer.Exit(FOUND)


@commands.command()
def offboard(
    context: typer.Context,
    tenant: TenantId,
    *,
    yes: flags.Yes = False,
    as_json: flags.AsJson = False,
) -> None:
    """End a tenant: archived and disconnected. What was read and logged of it stays readable."""
    if not yes:
        typer.confirm(f"End {tenant} for good?", abort=True, err=True)
    with told():
        left = client_of(context).post(f"/api/v1/tenants/{tenant}/offboard")
    if as_json:
        show_json(left)
        return
    say(f"{tenant} is archived; {left['resources_kept']} resources stay readable")
    typer.echo("\n".join(left["exports"]))


@commands.command()
def archive(
    context: typer.Context,
    tenant: TenantId,
    *,
    yes: flags.Yes = False,
    as_json: flags.AsJson = False,
) -> None:
    """End a tenant: nothing in it changes any more. Its log and evidence stay."""
    if not yes:
        typer.confirm(f"End {tenant} for good?", abort=True, err=True)
    with told():
        archived = client_of(context).delete(f"/api/v1/tenants/{tenant}")
    tell(f"{tenant} is archived", archived, as_json=as_json)


@commands.command()
def limit(
    context: typer.Context,
    tenant: TenantId,
    *,
    per_minute: Annotated[int | None, typer.Option(min=1, help="In the long run.")] = None,
    burst: Annotated[int | None, typer.Option(min=1, help="At once.")] = None,
    default: Annotated[bool, typer.Option("--default", help="As the settings say.")] = False,
    as_json: flags.AsJson = False,
) -> None:
    """Show how often a tenant may ask; with flags, change it from the next request on."""
    if (per_minute is None) is not (burst is None) or (default and per_minute is not None):
        stop("give both --per-minute and --burst, or --default, or nothing", WRONG_USE)
    path, client = f"/api/v1/tenants/{tenant}/limit", client_of(context)
    with told():
        if default:
            rate = client.delete(path)
        elif per_minute is None:
            rate = client.get(path)
        else:
            rate = client.put(path, {"per_minute": per_minute, "burst": burst})
    if as_json:
        show_json(rate)
        return
    whose = "its own" if rate["own"] else "the settings'"
    typer.echo(f"{rate['per_minute']} a minute, {rate['burst']} at once ({whose})")


def _directories(connections: list[dict[str, Any]]) -> str:
    return " ".join(c["tenant_id"] for c in connections)


def _show_checklist(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(found)
        return
    rows = [(i["name"], i["state"], i["by"], i["evidence"]) for i in found["items"]]
    show_table(("item", "state", "by", "evidence"), rows, "")
    following = [i for i in found["items"] if i["name"] == found["next"]]
    for item in following:
        say(f"next: {item['title']}" + (f"\n{item['todo']}" if item["todo"] else ""))
