"""quarterdeck subscription, atp-admin subscriptions: who consumes (runbook 004, 17)."""

from typing import Annotated
from urllib.parse import quote

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import show_json, tell
from quarterdeck.cli.queue import show_queues

TOPIC = "audit.appended.v1"
SUBSCRIPTIONS = "/api/v1/trail/subscriptions"

commands = typer.Typer(
    add_completion=False,
    help="Who consumes appended records: state, backlog, pause, retry.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Consumer = Annotated[
    str, typer.Argument(metavar="CONSUMER", help="projection-worker, or outbox-relay.")
]


@commands.command("list")
def list_subscriptions(
    context: typer.Context,
    *,
    topic_name: Annotated[str, typer.Option(help="Of what topic.")] = TOPIC,
    as_json: flags.AsJson = False,
) -> None:
    """Show who consumes a topic, each with its state and backlog."""
    with told():
        found = client_of(context).get(
            f"/api/v1/trail/topics/{quote(topic_name, safe='')}/subscriptions"
        )["subscriptions"]
    if as_json:
        show_json(found)
        return
    show_queues(found)


@commands.command()
def pause(
    context: typer.Context,
    consumer: Consumer,
    *,
    reason: Annotated[str, typer.Option(help="Why.")],
    as_json: flags.AsJson = False,
) -> None:
    """Have a consumer rest; what is appended waits for it."""
    with told():
        client_of(context).post(
            f"{SUBSCRIPTIONS}/{quote(consumer, safe='')}/pause", {"reason": reason}
        )
    words = f"{consumer} rests; resume it with: atp-admin subscriptions resume {consumer}"
    tell(words, {"consumer": consumer, "paused": True, "reason": reason}, as_json=as_json)


@commands.command()
def resume(context: typer.Context, consumer: Consumer, *, as_json: flags.AsJson = False) -> None:
    """Have a paused consumer go on."""
    with told():
        client_of(context).post(f"{SUBSCRIPTIONS}/{quote(consumer, safe='')}/resume")
    tell(f"{consumer} goes on", {"consumer": consumer, "paused": False}, as_json=as_json)


@commands.command()
def retry(context: typer.Context, consumer: Consumer, *, as_json: flags.AsJson = False) -> None:
    """Have a consumer, or the outbox relay, try at once where it is stuck."""
    with told():
        found = client_of(context).post(f"{SUBSCRIPTIONS}/{quote(consumer, safe='')}/retry")
    words = f"{consumer} tries again in {found['retried']} logs"
    tell(words if found["retried"] else f"{consumer} is not stuck", found, as_json=as_json)
