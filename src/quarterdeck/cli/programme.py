"""quarterdeck programme: requirements with a deadline, and how far tenants are."""

from typing import Annotated, Any

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import DONE, FOUND, say, show_json, show_table, tell

URL = "/api/v1/programmes"

commands = typer.Typer(
    add_completion=False,
    help="Requirements with a deadline, and how far tenants are.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Programme = Annotated[str, typer.Argument(metavar="PROGRAMME")]
Tenant = Annotated[str, typer.Argument(metavar="TENANT")]


@commands.command("list")
def list_programmes(context: typer.Context, *, as_json: flags.AsJson = False) -> None:
    """Show programmes, and who takes part."""
    with told():
        found = client_of(context).get(URL)["programmes"]
    if as_json:
        show_json(found)
        return
    rows = [
        (p["name"], p["title"], p["deadline"], p["requirements"], ", ".join(p["tenants"]))
        for p in found
    ]
    columns = ("name", "title", "deadline", "requirements", "tenants")
    show_table(columns, rows, "no programme; define one: quarterdeck pack apply azure-governance")


@commands.command()
def show(
    context: typer.Context, programme: Programme, tenant: Tenant, *, as_json: flags.AsJson = False
) -> None:
    """Show how far a tenant is. Exits 1 if a requirement is not known to be met."""
    with told():
        found = client_of(context).get(f"{URL}/{programme}/tenants/{tenant}")
    if as_json:
        show_json(found)
    else:
        say(_headline(found))
        rows = [
            (phase["title"], r["requirement"], r["state"], r["weight"], r["reason"])
            for phase in found["phases"]
            for r in phase["requirements"]
        ]
        show_table(("phase", "requirement", "state", "weight", "why"), rows, "")
    raise typer.Exit(FOUND if found["missing"] else DONE)


@commands.command()
def enable(
    context: typer.Context, programme: Programme, tenant: Tenant, *, as_json: flags.AsJson = False
) -> None:
    """Have a tenant take part: it is judged now, and every 24 h."""
    with told():
        done = client_of(context).put(f"{URL}/{programme}/tenants/{tenant}", None)
    tell(f"{tenant} takes part in {programme}", done, as_json=as_json)


@commands.command()
def disable(
    context: typer.Context, programme: Programme, tenant: Tenant, *, as_json: flags.AsJson = False
) -> None:
    """Have a tenant take part no more; its evidence stays."""
    with told():
        done = client_of(context).delete(f"{URL}/{programme}/tenants/{tenant}")
    tell(f"{tenant} takes part in {programme} no more", done, as_json=as_json)


@commands.command()
def sync(
    context: typer.Context,
    programme: Programme,
    *,
    tenant: Annotated[str | None, typer.Option(help="Only this tenant.")] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Judge a programme now, for each tenant that takes part."""
    asked = f"{URL}/{programme}/sync" + (f"?tenant={tenant}" if tenant else "")
    with told():
        done = client_of(context).post(asked)
    tell(f"{programme} is being judged: jobs {', '.join(done['jobs'])}", done, as_json=as_json)


@commands.command()
def evidence(
    context: typer.Context,
    programme: Programme,
    tenant: Tenant,
    requirement: Annotated[str, typer.Argument(metavar="REQUIREMENT")],
    *,
    state: Annotated[
        str | None, typer.Option(help="met, unmet or not_known; without it, what was said so far.")
    ] = None,
    link: Annotated[str, typer.Option(help="Where it can be seen.")] = "",
    note: Annotated[str, typer.Option(help="What it is.")] = "",
    expires: Annotated[
        str | None, typer.Option(metavar="DAY", help="The last day on which it holds.")
    ] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Say how a requirement stands, or show what was said."""
    asked = f"{URL}/{programme}/tenants/{tenant}/requirements/{requirement}/evidence"
    with told():
        client = client_of(context)
        if state is None:
            found = client.get(asked)["evidence"]
        else:
            body = {"state": state, "link": link, "note": note, "expires": expires}
            found = [client.post(asked, body)]
    if as_json:
        show_json(found)
        return
    rows = [(e["at"], e["state"], e["link"], e["note"], e["expires"], e["by"]) for e in found]
    empty = f"nothing was said of {requirement} yet"
    show_table(("at", "state", "link", "note", "expires", "by"), rows, empty)


def _headline(found: dict[str, Any]) -> str:
    maturity = found["maturity"]
    days = found["days_left"]
    left = f"{days} days left" if days >= 0 else f"{-days} days overdue"
    words = f"{maturity['percent']} % mature"
    if maturity["at_most_percent"] != maturity["percent"]:
        words += f", up to {maturity['at_most_percent']} % if what is not known is met"
    return f"{found['programme']}, {found['tenant']}: {words}; {left} to {found['deadline']}"
