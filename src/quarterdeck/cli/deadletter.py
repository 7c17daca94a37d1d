"""quarterdeck deadletter, atp-admin dlq: what a consumer did not receive (runbook 004, 19)."""

from time import monotonic, sleep
from typing import Annotated, Any
from urllib.parse import quote

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import Client, client_of, told
from quarterdeck.cli.output import FOUND, UNAVAILABLE, WRONG_USE, show_json, show_table, stop, tell

LETTERS = "/api/v1/trail/dead-letters"
PATIENCE_S, POLL_S = 600.0, 0.2

commands = typer.Typer(
    add_completion=False,
    help="Dead letters: look, classify, quarantine, replay.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Consumer = Annotated[str, typer.Option(help="Whose: projection-worker; as queue list shows.")]
MessageId = Annotated[str, typer.Option(help="As list shows it.")]
Filter = Annotated[
    str,
    typer.Option("--filter", help="reason=... class=... tenant=... from=... to=...; all hold."),
]


@commands.command("list")
def list_letters(
    context: typer.Context,
    *,
    consumer: Consumer,
    limit: Annotated[int, typer.Option(min=1, max=500, help="Messages to show.")] = 50,
    only: Filter = "",
    as_json: flags.AsJson = False,
) -> None:
    """Show dead letters, oldest first. To look changes nothing."""
    with told():
        found = client_of(context).get(LETTERS, consumer=consumer, limit=limit, filter=only)
    rows = found["dead_letters"]
    if as_json:
        show_json(rows)
        return
    _table(rows, f"{consumer} has no dead letters")


@commands.command()
def inspect(
    context: typer.Context,
    *,
    consumer: Consumer,
    message_id: MessageId,
    as_json: flags.AsJson = False,
) -> None:
    """Show one dead letter: body, headers, reason, exception, and what to do."""
    with told():
        found = client_of(context).get(_address(consumer, message_id))
    if as_json:
        show_json(found)
        return
    rows = [
        ("message", found["id"]),
        ("tenant", found["tenant"]),
        ("state", found["state"]),
        ("reason", found["reason"]),
        ("class", found["kind"]),
        ("exception", found["error"]),
        ("deliveries", found["delivery_count"]),
        ("dead since", found["dead_at"]),
        ("means", found["meaning"]),
        ("indicates", found["indicates"]),
        ("action", found["action"]),
        ("next", " > ".join(found["next_steps"])),
        ("quarantined because", found["note"]),
    ]
    show_table(("what", "value"), [row for row in rows if row[1] not in ("", None)], "")
    show_json({"headers": found["headers"], "body": found["body"]})


@commands.command()
def receive(
    context: typer.Context,
    *,
    consumer: Consumer,
    max_message_count: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 1,
    as_json: flags.AsJson = False,
) -> None:
    """Lock the oldest dead letters to look at; when the lock ends they are back."""
    body = {"consumer": consumer, "max_message_count": max_message_count}
    with told():
        found = client_of(context).post(f"{LETTERS}/receive", body)["dead_letters"]
    if as_json:
        show_json(found)
        return
    _table(found, f"{consumer} has no dead letter that is not locked")


@commands.command()
def classify(
    context: typer.Context,
    *,
    consumer: Consumer,
    message_id: MessageId,
    kind: Annotated[
        str, typer.Option("--class", help="schema, auth, transient, logic or malicious.")
    ],
    as_json: flags.AsJson = False,
) -> None:
    """Say what kind of failure it is; that decides what comes next."""
    with told():
        found = client_of(context).post(
            f"{_address(consumer, message_id)}/classify", {"kind": kind}
        )
    tell(f"{message_id} is {found['kind']}", found, as_json=as_json)


@commands.command()
def quarantine(
    context: typer.Context,
    *,
    consumer: Consumer,
    message_id: MessageId,
    reason: Annotated[str, typer.Option(help="Why; it stays with the message.")],
    as_json: flags.AsJson = False,
) -> None:
    """Leave a malicious or invalid message out of every replay."""
    with told():
        found = client_of(context).post(
            f"{_address(consumer, message_id)}/quarantine", {"reason": reason}
        )
    tell(f"{message_id} is in quarantine, and is not replayed", found, as_json=as_json)


@commands.command()
def replay(
    context: typer.Context,
    *,
    consumer: Consumer,
    message_id: Annotated[str, typer.Option(help="One message.")] = "",
    only: Filter = "",
    max_count: Annotated[int, typer.Option(min=1, help="Replay no more than these.")] = 1,
    environment: Annotated[
        str, typer.Option(help="A configured sandbox to try it in; nothing changes here.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen.")] = False,
    confirm: Annotated[bool, typer.Option("--confirm", help="Do it.")] = False,
    incident: Annotated[str, typer.Option(help="Whose timeline tells of it.")] = "",
    as_json: flags.AsJson = False,
) -> None:
    """Deliver dead letters once more, and report what came of it.

    Exits 1 if one failed again, or would. Refused without either --dry-run or --confirm.
    """
    if dry_run is confirm:
        stop("refused: give either --dry-run, which changes nothing, or --confirm", WRONG_USE)
    body = {
        "consumer": consumer,
        "message_id": message_id,
        "filter": only,
        "max_count": max_count,
    }
    ordered = body | {"confirm": True, "incident": incident}
    with told():
        client = client_of(context)
        if dry_run or environment:
            found = client.post(f"{LETTERS}/rehearse", body | {"environment": environment})
            _rehearsed(found, as_json=as_json)
            return
        found = _watched(client, client.post(f"{LETTERS}/replay", ordered))
    _reported(found, as_json=as_json)


def _watched(client: Client, found: dict[str, Any]) -> dict[str, Any]:
    deadline = monotonic() + PATIENCE_S
    while found["pending"] and monotonic() < deadline:
        sleep(POLL_S)
        found = client.get(f"/api/v1/trail/replays/{found['id']}")
    return found


def _rehearsed(found: dict[str, Any], *, as_json: bool) -> None:
    trials = found["trials"]
    where = f" in {found['environment']}" if found["environment"] else ""
    words = (
        f"dry run{where}: {found['matching']} match, {found['chosen']} would be replayed; "
        "nothing changed"
    )
    tell(words, found, as_json=as_json)
    if not as_json:
        rows = [(name, _outcome(one), one["error"]) for name, one in trials.items()]
        show_table(("message", "would be", "why"), rows, "no dead letter matches")
    if any(one["applied"] is False for one in trials.values()):
        raise typer.Exit(FOUND)


def _reported(found: dict[str, Any], *, as_json: bool) -> None:
    words = (
        f"replayed {found['chosen']}: {found['succeeded']} succeeded, {found['failed']} failed, "
        f"{found['new_dead_letters']} new dead letters; {found['consumer']} is "
        f"{found['health']}, {found['lag']} records behind"
    )
    tell(words, found, as_json=as_json)
    if found["pending"]:
        stop(f"{found['pending']} still wait: is a worker running?", UNAVAILABLE)
    if found["failed"]:
        raise typer.Exit(FOUND)


def _outcome(trial: dict[str, Any]) -> str:
    if trial["applied"] is None:
        return "not tried"
    return "applied" if trial["applied"] else f"dead again: {trial['reason']}"


def _table(rows: list[dict[str, Any]], empty: str) -> None:
    columns = ("id", "reason", "time", "delivery count", "class", "tenant", "state")
    names = ("id", "reason", "dead_at", "delivery_count", "kind", "tenant", "state")
    show_table(columns, [[row[name] for name in names] for row in rows], empty)


def _address(consumer: str, message: str) -> str:
    return f"{LETTERS}/{quote(consumer, safe='')}/{quote(message, safe='')}"
