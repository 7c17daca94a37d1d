"""quarterdeck access: who there is, who holds which role, and what one may do oneself."""

from typing import Annotated

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import CliProblem, client_of, told
from quarterdeck.cli.output import FOUND, WRONG_USE, say, show_json, show_table, tell

commands = typer.Typer(
    add_completion=False,
    help="Principals, roles and grants.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

PLATFORM = "_platform"

On = Annotated[str, typer.Option("--tenant", metavar="T", help="_platform: all tenants.")]
Who = Annotated[str, typer.Argument(metavar="PRINCIPAL", help="As access principals shows it.")]
What = Annotated[str, typer.Argument(metavar="ROLE", help="As access roles shows it.")]


@commands.command("can-i")
def can_i(
    context: typer.Context,
    action: Annotated[str, typer.Argument(help="A permission, such as services:scale.")],
    *,
    tenant: On,
    as_json: flags.AsJson = False,
) -> None:
    """Answer yes (exit 0) or no (exit 1): may I do ACTION on a tenant?

    A permission or tenant that does not exist is neither, but wrong use (exit 2).
    """
    with told():
        answer = client_of(context).get("/api/v1/access/can-i", permission=action, tenant=tenant)
    if as_json:
        show_json(answer)
    else:
        typer.echo("yes" if answer["allowed"] else "no")
    if not answer["allowed"]:
        raise typer.Exit(FOUND)


@commands.command("permissions")
def list_permissions(context: typer.Context, *, tenant: On, as_json: flags.AsJson = False) -> None:
    """Show all that I may do on a tenant."""
    with told():
        answer = client_of(context).get("/api/v1/access/permissions", tenant=tenant)
    if as_json:
        show_json(answer)
        return
    typer.echo("\n".join(answer["permissions"]))


@commands.command("roles")
def list_roles(context: typer.Context, *, as_json: flags.AsJson = False) -> None:
    """Show every role and what it is for; --json shows its permissions too."""
    with told():
        roles = client_of(context).get("/api/v1/roles")["roles"]
    if as_json:
        show_json(roles)
        return
    rows = [(r["name"], len(r["permissions"]), r["purpose"]) for r in roles]
    show_table(("role", "permissions", "purpose"), rows, "there are no roles")


@commands.command("principals")
def list_principals(context: typer.Context, *, as_json: flags.AsJson = False) -> None:
    """Show people and programs."""
    with told():
        found = client_of(context).rows("/api/v1/principals", "principals")
    if as_json:
        show_json(found)
        return
    columns = ("principal", "kind", "name", "email", "home", "disabled")
    rows = [(p["id"], p["kind"], p["name"], p["email"], p["home"], p["disabled_at"]) for p in found]
    show_table(columns, rows, "nobody yet; add someone with: quarterdeck access add-principal")


@commands.command("add-principal")
def add_principal(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Of a person, or what a program does.")],
    *,
    program: Annotated[bool, typer.Option("--program", help="A program, not a person.")] = False,
    email: Annotated[str, typer.Option(help="Of a person: links their sign-in.")] = "",
    home: Annotated[str, typer.Option(help="The tenant that looks after it.")] = PLATFORM,
    as_json: flags.AsJson = False,
) -> None:
    """Add a person or a program, and print its id. It may do nothing until a role is granted."""
    kind = "program" if program else "person"
    with told():
        added = client_of(context).post(
            "/api/v1/principals", {"kind": kind, "name": name, "email": email, "home": home}
        )
    if as_json:
        show_json(added)
        return
    typer.echo(added["id"])
    say("may do nothing yet; give a role with: quarterdeck access grant PRINCIPAL ROLE --tenant T")


@commands.command()
def disable(
    context: typer.Context,
    principal: Who,
    *,
    yes: flags.Yes = False,
    as_json: flags.AsJson = False,
) -> None:
    """Shut a person or a program out, for good, from the next request on."""
    if not yes:
        typer.confirm(f"Shut {principal} out for good?", abort=True, err=True)
    with told():
        found = client_of(context).post(f"/api/v1/principals/{principal}/disable")
    tell(f"{principal} is shut out", found, as_json=as_json)


@commands.command()
def grant(
    context: typer.Context, principal: Who, role: What, *, tenant: On, as_json: flags.AsJson = False
) -> None:
    """Give a role on a tenant; it holds from the next request on."""
    with told():
        given = client_of(context).post(
            "/api/v1/grants", {"principal": principal, "role": role, "tenant": tenant}
        )
    if as_json:
        show_json(given)
        return
    say(f"{principal} is {role} on {tenant}")


@commands.command()
def revoke(
    context: typer.Context, principal: Who, role: What, *, tenant: On, as_json: flags.AsJson = False
) -> None:
    """Take a role on a tenant away; it is gone at the next request."""
    with told():
        client = client_of(context)
        found = client.rows("/api/v1/grants", "grants", principal=principal, tenant=tenant)
        held = [g["id"] for g in found if g["role"] == role]
        if not held:
            raise CliProblem(f"{principal} is not {role} on {tenant}", WRONG_USE)
        taken = client.delete(f"/api/v1/grants/{held[0]}")
    tell(f"{principal} is no longer {role} on {tenant}", taken, as_json=as_json)


@commands.command("grants")
def list_grants(
    context: typer.Context,
    *,
    tenant: Annotated[str | None, typer.Option(metavar="T", help="Only on this.")] = None,
    principal: Annotated[str | None, typer.Option(help="Only of this one.")] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Show who holds which role."""
    with told():
        found = client_of(context).rows(
            "/api/v1/grants", "grants", tenant=tenant, principal=principal
        )
    if as_json:
        show_json(found)
        return
    rows = [(g["principal"], g["role"], g["tenant"], g["created_at"]) for g in found]
    show_table(("principal", "role", "tenant", "since"), rows, "nobody holds a role there")
