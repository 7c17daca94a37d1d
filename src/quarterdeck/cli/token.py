"""quarterdeck token: what people and programs show to be let in."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import say, show_json, show_table, tell
from quarterdeck.kernel.clock import rfc3339, utc_now

commands = typer.Typer(
    add_completion=False,
    help="Tokens of people and programs.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

TokenId = Annotated[str, typer.Argument(metavar="TOKEN", help="Its id, as token list shows it.")]
SHOWN_ONCE = "this is the only time that it is shown"


@commands.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What it is for.")],
    *,
    principal: Annotated[str, typer.Option(help="Whom it speaks for; default: me.")] = "",
    days: Annotated[float | None, typer.Option(min=0, help="How long it is good.")] = None,
    permission: Annotated[
        list[str] | None, typer.Option(help="Only this; repeat for more. Default: all.")
    ] = None,
    tenant: Annotated[
        list[str] | None, typer.Option(metavar="T", help="Only there; repeat for more.")
    ] = None,
    single_use: Annotated[
        bool, typer.Option("--single-use", help="Good for one sign-in to the console.")
    ] = False,
    as_json: flags.AsJson = False,
) -> None:
    """Make a token, and print its secret: once, on standard output."""
    expires_at = None if days is None else rfc3339(utc_now() + timedelta(days=days))
    body = {
        "principal": principal,
        "name": name,
        "expires_at": expires_at,
        "permissions": permission or None,
        "tenants": tenant or None,
        "single_use": single_use,
    }
    with told():
        _show(client_of(context).post("/api/v1/tokens", body), as_json=as_json)


@commands.command("list")
def list_tokens(
    context: typer.Context,
    *,
    principal: Annotated[str | None, typer.Option(help="Of this one; default: mine.")] = None,
    everyone: Annotated[bool, typer.Option("--all", help="Of all that I may see.")] = False,
    as_json: flags.AsJson = False,
) -> None:
    """Show tokens; their secrets are never shown again."""
    whose = "all" if everyone else principal
    with told():
        found = client_of(context).rows("/api/v1/tokens", "tokens", principal=whose)
    if as_json:
        show_json(found)
        return
    columns = ("token", "principal", "name", "expires", "last used", "ended")
    rows = [
        (
            t["id"],
            t["principal"],
            t["name"],
            t["expires_at"],
            t["last_used_at"],
            t["revoked_at"],
        )
        for t in found
    ]
    show_table(columns, rows, "no token; make one with: quarterdeck token create NAME")


@commands.command()
def rotate(
    context: typer.Context,
    token: TokenId,
    *,
    overlap_s: Annotated[int, typer.Option(min=0, help="Seconds that the old one stays good.")] = 0,
    as_json: flags.AsJson = False,
) -> None:
    """Replace a token by one that lives as long, and print the new secret: once."""
    with told():
        issued = client_of(context).post(f"/api/v1/tokens/{token}/rotate", {"overlap_s": overlap_s})
        _show(issued, as_json=as_json)


@commands.command()
def revoke(context: typer.Context, token: TokenId, *, as_json: flags.AsJson = False) -> None:
    """End a token, and the sessions opened with it, from the next request on."""
    with told():
        revoked = client_of(context).delete(f"/api/v1/tokens/{token}")
    tell(f"{token} is revoked", revoked, as_json=as_json)


def _show(issued: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(issued)
        return
    typer.echo(issued["secret"])
    say(f"token {issued['id']}, good until {issued['expires_at']}; {SHOWN_ONCE}")
