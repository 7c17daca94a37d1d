"""quarterdeck export: the estate as files, now or again and again."""

import sys
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import WRONG_USE, show_json, show_table, stop, tell

URL = "/api/v1/exports"

commands = typer.Typer(
    add_completion=False,
    help="The estate as files, now or again and again.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Id = Annotated[str, typer.Argument(metavar="ID", help="As export list shows it.")]
Filters = Annotated[
    list[str] | None,
    typer.Option("--filter", metavar="NAME=WORD", help="As the list has it; repeat for more."),
]
Form = Annotated[str, typer.Option("--format", metavar="csv|ndjson|json")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="A file, not the terminal.")]


@commands.command()
def now(
    context: typer.Context,
    what: Annotated[str, typer.Argument(help="resources, costs or compliance.")] = "resources",
    *,
    filters: Filters = None,
    form: Form = "csv",
    output: Output = None,
    as_json: flags.AsJson = False,
) -> None:
    """Write what there is now, as a file; --json says what was written."""
    _check_output(output, as_json=as_json)
    with told():
        client = client_of(context)
        written = client.get_bytes(f"{URL}/{what}{_query({**_wanted(filters), 'format': form})}")
    _write(written, output, as_json=as_json)


@commands.command()
def begin(
    context: typer.Context,
    name: Annotated[str, typer.Argument()],
    *,
    tenant: Annotated[str, typer.Option()],
    what: Annotated[str, typer.Option()] = "resources",
    filters: Filters = None,
    form: Form = "csv",
    hours: Annotated[int, typer.Option(min=1, max=8784, help="From one to the next.")] = 24,
    kept: Annotated[int, typer.Option(min=1, max=1000, help="So many files stay.")] = 7,
    as_json: flags.AsJson = False,
) -> None:
    """Have something exported again and again, first at once."""
    body = {
        "tenant": tenant,
        "name": name,
        "what": what,
        "filter": _wanted(filters),
        "format": form,
        "every_s": hours * 3600,
        "kept": kept,
    }
    with told():
        made = client_of(context).post(URL, body)
    tell(
        f"export {made['id']}; its files: quarterdeck export files {made['id']}",
        made,
        as_json=as_json,
    )


@commands.command("list")
def list_exports(context: typer.Context, *, as_json: flags.AsJson = False) -> None:
    """Show exports that are repeated."""
    with told():
        found = client_of(context).get(URL)["exports"]
    if as_json:
        show_json(found)
        return
    rows = [(e["id"], e["name"], e["tenant"], e["what"], e["every_s"], e["kept"]) for e in found]
    columns = ("id", "name", "tenant", "what", "every s", "kept")
    show_table(columns, rows, "nothing is exported; begin with: quarterdeck export begin")


@commands.command()
def files(context: typer.Context, export: Id, *, as_json: flags.AsJson = False) -> None:
    """Show the files of an export, newest first."""
    with told():
        found = client_of(context).get(f"{URL}/{export}/files")["files"]
    if as_json:
        show_json(found)
        return
    rows = [(f["id"], f["at"], f["rows"], f["size_bytes"], f["digest"]) for f in found]
    show_table(("id", "at", "rows", "bytes", "SHA-256"), rows, "no file yet; the worker writes it")


@commands.command()
def get(
    context: typer.Context,
    export: Id,
    file: Annotated[str, typer.Argument(help="As export files shows it.")],
    *,
    output: Output = None,
    as_json: flags.AsJson = False,
) -> None:
    """Fetch a file, byte for byte as its digest says; --json says what was fetched."""
    _check_output(output, as_json=as_json)
    with told():
        written = client_of(context).get_bytes(f"{URL}/{export}/files/{file}")
    _write(written, output, as_json=as_json)


@commands.command()
def run(context: typer.Context, export: Id, *, as_json: flags.AsJson = False) -> None:
    """Export it once more now."""
    with told():
        begun = client_of(context).post(f"{URL}/{export}/run")
    tell(f"asked for; follow it with: quarterdeck job show {begun['job']}", begun, as_json=as_json)


@commands.command()
def remove(
    context: typer.Context, export: Id, *, yes: flags.Yes = False, as_json: flags.AsJson = False
) -> None:
    """Export it no more; its files go too."""
    if not yes:
        stop("its files go too; say so with --yes", WRONG_USE)
    with told():
        client_of(context).delete(f"{URL}/{export}")
    tell("removed", {"id": export, "removed": True}, as_json=as_json)


def _wanted(filters: list[str] | None) -> dict[str, str]:
    wanted = {}
    for word in filters or ():
        name, equals, value = word.partition("=")
        if not (name and equals):
            stop(f"--filter {word} is no NAME=WORD", WRONG_USE)
        wanted[name] = value
    return wanted


def _query(asked: dict[str, Any]) -> str:
    return f"?{urlencode(asked)}"


def _check_output(output: Path | None, *, as_json: bool) -> None:
    # Both would go to standard output: neither could be read.
    if as_json and output is None:
        stop("--json says what was written: name the file with --output", WRONG_USE)


def _write(written: bytes, output: Path | None, *, as_json: bool) -> None:
    if output is None:
        sys.stdout.buffer.write(written)
        return
    try:
        output.write_bytes(written)
    except OSError as error:
        stop(f"{output} cannot be written: {error.strerror}", WRONG_USE)
    if as_json:
        digest = sha256(written).hexdigest()
        show_json({"file": str(output), "size_bytes": len(written), "digest": digest})
