"""quarterdeck queue, atp-admin queue: what awaits a consumer (runbook 004, topic 17)."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from quarterdeck.cli import deadletter, flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import show_json, show_table

QUEUES = "/api/v1/trail/queues"
DEAD = "/$DeadLetterQueue"

commands = typer.Typer(
    add_completion=False,
    help="Queues of consumers: active, dead-letter and scheduled messages.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Queue = Annotated[
    str, typer.Argument(metavar="QUEUE", help="projection-queue, or QUEUE/$DeadLetterQueue.")
]
Count = Annotated[int, typer.Option(min=1, max=100, help="How many.")]


@commands.command("list")
def list_queues(context: typer.Context, *, as_json: flags.AsJson = False) -> None:
    """Show every queue, and the outbox relay before them."""
    with told():
        found = client_of(context).get(QUEUES)
    if as_json:
        show_json(found)
        return
    show_queues([found["relay"], *found["queues"]])


@commands.command()
def show(context: typer.Context, queue: Queue, *, as_json: flags.AsJson = False) -> None:
    """Show active, dead-letter and scheduled counts of one queue."""
    with told():
        found = client_of(context).get(f"{QUEUES}/{quote(queue.removesuffix(DEAD), safe='')}")
    if as_json:
        show_json(found)
        return
    show_queues([found])


@commands.command()
def peek(
    context: typer.Context,
    queue: Queue,
    *,
    max_message_count: Count = 10,
    as_json: flags.AsJson = False,
) -> None:
    """Show dead letters of a queue; nothing changes."""
    with told():
        found = client_of(context).get(f"{QUEUES}/{quote(queue.removesuffix(DEAD), safe='')}")
    deadletter.list_letters(
        context, consumer=found["consumer"], limit=max_message_count, as_json=as_json
    )


@commands.command()
def receive(
    context: typer.Context,
    queue: Queue,
    *,
    max_message_count: Count = 1,
    as_json: flags.AsJson = False,
) -> None:
    """Lock dead letters of a queue to look at; when the lock ends they are back."""
    with told():
        found = client_of(context).get(f"{QUEUES}/{quote(queue.removesuffix(DEAD), safe='')}")
    deadletter.receive(
        context,
        consumer=found["consumer"],
        max_message_count=max_message_count,
        as_json=as_json,
    )


def show_queues(found: list[dict[str, Any]]) -> None:
    """A table of queues, and below it what holds them up."""
    columns = ("queue", "consumer", "state", "active", "dead-letter", "scheduled", "oldest s")
    rows = [
        (
            one["name"],
            one["consumer"],
            one["status"],
            one["countDetails"]["activeMessageCount"],
            one["countDetails"]["deadLetterMessageCount"],
            one["countDetails"]["scheduledMessageCount"],
            round(one["oldest_seconds"], 1),
        )
        for one in found
    ]
    show_table(columns, rows, "no queue yet; start a worker: quarterdeck serve --role worker")
    stuck = [
        (
            one["consumer"],
            place["tenant"],
            place["position"],
            round(place["age_seconds"]),
            place["error"],
        )
        for one in found
        for place in one["stuck"]
    ]
    if stuck:
        show_table(("stuck", "tenant", "position", "for s", "error"), stuck, "")
