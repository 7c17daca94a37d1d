"""quarterdeck webhook: records sent to who wants them, signed."""

from typing import Annotated, Any

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import FOUND, show_json, show_table, tell

WEBHOOKS = "/api/v1/trail/webhooks"

commands = typer.Typer(
    add_completion=False,
    help="Send records of the trail to receivers, signed by a secret that each has.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

WebhookId = Annotated[str, typer.Argument(metavar="WEBHOOK", help="As webhook list shows.")]
COLUMNS = ("id", "tenant", "url", "state", "begins", "secret_version")
TRIES = ("at", "index", "attempt", "status", "took_ms", "error")


@commands.command("list")
def list_webhooks(context: typer.Context, *, as_json: flags.AsJson = False) -> None:
    """Show the webhooks of the tenants you may send from."""
    with told():
        found = client_of(context).get(WEBHOOKS)["webhooks"]
    _show(COLUMNS, found, "no webhooks", as_json=as_json)


@commands.command()
def add(
    context: typer.Context,
    tenant: Annotated[str, typer.Argument(metavar="TENANT", help="Whose records.")],
    url: Annotated[str, typer.Argument(metavar="URL", help="https://HOST/PATH.")],
    action: Annotated[str, typer.Option(help="Only records of this action.")] = "",
    actor: Annotated[str, typer.Option(help="Only records of this actor.")] = "",
    outcome: Annotated[str, typer.Option(help="success, failure or denied.")] = "",
    *,
    as_json: flags.AsJson = False,
) -> None:
    """Send records from now on. The secret that signs them is shown this once."""
    wanted = {"action": action, "actor": actor, "outcome": outcome}
    body = {"tenant": tenant, "url": url, "filter": {n: v for n, v in wanted.items() if v} or None}
    with told():
        made = client_of(context).post(WEBHOOKS, body)
    tell(
        f"webhook {made['id']}; its secret, shown this once: {made['secret']}",
        made,
        as_json=as_json,
    )


@commands.command()
def attempts(context: typer.Context, webhook: WebhookId, *, as_json: flags.AsJson = False) -> None:
    """Show what was tried last, newest first."""
    with told():
        found = client_of(context).get(f"{WEBHOOKS}/{webhook}/attempts")["attempts"]
    _show(TRIES, found, "nothing was sent yet", as_json=as_json)


@commands.command("try")
def try_one(context: typer.Context, webhook: WebhookId, *, as_json: flags.AsJson = False) -> None:
    """Send a test at once. Exits 1 if the receiver did not take it."""
    with told():
        made = client_of(context).post(f"{WEBHOOKS}/{webhook}/test")
    tell(_words(made), made, as_json=as_json)
    if made["status"] is None or made["status"] >= 300:  # noqa: PLR2004  HTTP
        raise typer.Exit(FOUND)


@commands.command()
def rotate(
    context: typer.Context,
    webhook: WebhookId,
    overlap_hours: Annotated[
        float, typer.Option(min=0, max=720, help="How long both secrets sign.")
    ] = 24,
    *,
    as_json: flags.AsJson = False,
) -> None:
    """Give it a new secret, which is shown this once."""
    body = {"overlap_s": round(overlap_hours * 3600)}
    with told():
        made = client_of(context).post(f"{WEBHOOKS}/{webhook}/rotate", body)
    tell(f"the new secret, shown this once: {made['secret']}", made, as_json=as_json)


@commands.command()
def pause(context: typer.Context, webhook: WebhookId, *, as_json: flags.AsJson = False) -> None:
    """Send nothing; what comes meanwhile waits."""
    _do(context, webhook, "pause", as_json=as_json)


@commands.command()
def resume(context: typer.Context, webhook: WebhookId, *, as_json: flags.AsJson = False) -> None:
    """Send again, what waits too."""
    _do(context, webhook, "resume", as_json=as_json)


@commands.command()
def remove(context: typer.Context, webhook: WebhookId, *, as_json: flags.AsJson = False) -> None:
    """Forget a webhook, and what waits for it."""
    with told():
        client_of(context).delete(f"{WEBHOOKS}/{webhook}")
    tell(f"webhook {webhook} is removed", {"id": webhook, "removed": True}, as_json=as_json)


def _do(context: typer.Context, webhook: str, verb: str, *, as_json: bool) -> None:
    with told():
        made = client_of(context).post(f"{WEBHOOKS}/{webhook}/{verb}")
    tell(f"webhook {webhook} is {made['state']}", made, as_json=as_json)


def _words(made: dict[str, Any]) -> str:
    said = "no answer" if made["status"] is None else f"answered {made['status']}"
    error = f": {made['error']}" if made["error"] else ""
    return f"{said} in {made['took_ms']} ms{error}"


def _show(
    columns: tuple[str, ...], found: list[dict[str, Any]], nothing: str, *, as_json: bool
) -> None:
    if as_json:
        show_json(found)
        return
    rows = [tuple("" if one[name] is None else str(one[name]) for name in columns) for one in found]
    show_table(columns, rows, nothing)
