"""quarterdeck oncall, hand-offs: leave a note, read it, take over."""

import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import address, client_of, told
from quarterdeck.cli.output import WRONG_USE, say, show_json, show_table, stop, tell

HERE = "/api/v1/oncall"

Tenant = Annotated[str, typer.Option(help="Whose; default: the platform's.")]
Name = Annotated[str, typer.Argument(metavar="SCHEDULE", help="Its name.")]


def register(commands: typer.Typer) -> None:
    """Put them beside the other commands of on-call."""
    commands.command()(handoff)
    commands.command("leave-note")(leave_note)
    commands.command("take-over")(take_over)
    commands.command()(handoffs)


def say_waiting(context: typer.Context, tenant: str | None) -> None:
    """Say which notes nobody took over yet."""
    with told():
        found = client_of(context).get(f"{HERE}/handoffs", tenant=tenant)["handoffs"]
    for one in found:
        line = f"quarterdeck oncall handoff {one['schedule']} --tenant {one['tenant']}"
        say(f"a note waits for {one['taker']['name']}: {line}")


def handoff(
    context: typer.Context,
    name: Name,
    *,
    tenant: Tenant = "_platform",
    as_json: flags.AsJson = False,
) -> None:
    """Show the latest note of who ended a shift, and what is open beside it."""
    with told():
        found = client_of(context).get(f"{_path(tenant, name)}/handoff")
    if as_json:
        show_json(found)
        return
    one, matters = found["handoff"], found["open"]
    say(f"{one['giver']['name']} to {one['taker']['name']} at {one['turns_at']}: {_state(one)}")
    # A note comes from anybody: an escape in it would steer the terminal.
    typer.echo("\n".join(_plain(line) for line in one["text"].split("\n")))
    rows = [(each["kind"], each["title"], each["state"], each["at"]) for each in matters["listed"]]
    if rows or not matters["unseen"]:
        show_table(("open", "what", "state", "since, or ends"), rows, "nothing is open")
    for kind in matters["unseen"]:
        say(f"you may not see every {kind}: some may be open")
    if matters["cut"]:
        say("there is more that is open than is listed")


def leave_note(
    context: typer.Context,
    name: Name,
    *,
    note: Annotated[str, typer.Option(help="The note.")] = "",
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="It stands there; -: standard input.")
    ] = None,
    tenant: Tenant = "_platform",
    expected: Annotated[
        int | None,
        typer.Option("--expect", help="Only if it is at this version; 0: none was left yet."),
    ] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Leave a note for who comes next in a schedule, or write it anew."""
    if bool(note) == bool(file):
        stop("say what to leave: --note WORDS, or --file FILE", WRONG_USE)
    text = note if file is None else _text(file)
    body = {"text": text, "expected_version": expected}
    with told():
        done = client_of(context).put(f"{_path(tenant, name)}/handoff", body)
    words = f"left for {done['taker']['name']}, who begins at {done['turns_at']}"
    tell(words, done, as_json=as_json)


def take_over(
    context: typer.Context,
    name: Name,
    handoff: Annotated[
        str | None, typer.Argument(metavar="HANDOFF", help="Its id; default: the latest.")
    ] = None,
    *,
    tenant: Tenant = "_platform",
    as_json: flags.AsJson = False,
) -> None:
    """Take a shift over: one has read the note, and what is open."""
    path, client = _path(tenant, name), client_of(context)
    with told():
        one = handoff or client.get(f"{path}/handoff")["handoff"]["id"]
        done = client.post(f"{path}/handoffs/{quote(one, safe='')}/take-over", {})
    tell(f"taken over at {done['handoff']['taken_at']}", done, as_json=as_json)


def handoffs(
    context: typer.Context,
    name: Name,
    *,
    tenant: Tenant = "_platform",
    as_json: flags.AsJson = False,
) -> None:
    """Show the notes of a schedule, the latest first."""
    with told():
        found = client_of(context).rows(f"{_path(tenant, name)}/handoffs", "handoffs")
    if as_json:
        show_json(found)
        return
    rows = [
        (
            one["turns_at"],
            one["giver"]["name"],
            one["taker"]["name"],
            _state(one),
            one["text"].partition("\n")[0],
            one["id"],
        )
        for one in found
    ]
    nothing = f"no note yet: quarterdeck oncall leave-note {name} --note WORDS"
    show_table(("at", "from", "to", "state", "note", "id"), rows, nothing)


def _state(one: dict[str, Any]) -> str:
    if one["taken_by"] is None:
        return "waits"
    return f"taken over at {one['taken_at']} by {one['taken_by']['name']}"


def _plain(line: str) -> str:
    return "".join(letter for letter in line if letter.isprintable() or letter == "\t")


def _path(tenant: str, name: str) -> str:
    return address(f"{HERE}/schedules", tenant, name)


def _text(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        stop(f"{file} cannot be read: {error}", WRONG_USE)
