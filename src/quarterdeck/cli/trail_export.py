"""quarterdeck trail export: have records exported, with their proof."""

from pathlib import Path
from time import monotonic, sleep
from typing import Annotated, Any

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import Client, CliProblem, client_of, told
from quarterdeck.cli.output import FOUND, UNAVAILABLE, WRONG_USE, show_json, show_table, stop, tell

EXPORTS = "/api/v1/trail/exports"
POLL_S, PATIENCE_S = 0.2, 3600.0
FILTERS = ("actor", "action", "resource_type", "resource", "outcome", "class", "correlation")

commands = typer.Typer(
    add_completion=False,
    help="Export records; a bundle verifies offline.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

ExportId = Annotated[str, typer.Argument(metavar="EXPORT", help="As trail export list shows it.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Wait until it is done, and write it."),
]


@commands.command()
def create(
    context: typer.Context,
    tenant: Annotated[str, typer.Argument(metavar="TENANT", help="Whose log.")],
    *,
    form: Annotated[
        str, typer.Option("--format", help="bundle, ndjson, csv, cloudevents or ocsf.")
    ] = "bundle",
    first: Annotated[int, typer.Option(min=0, help="Index of the first record.")] = 0,
    end: Annotated[int | None, typer.Option(min=0, help="After the last; default: all.")] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where",
            metavar="NAME=VALUE",
            help=f"Only records with: {', '.join(FILTERS)}, from, to. The export is then no "
            "longer complete.",
        ),
    ] = None,
    disclose: Annotated[
        bool, typer.Option("--disclose", help="With committed fields, if you may see them.")
    ] = False,
    output: Output = None,
    as_json: flags.AsJson = False,
) -> None:
    """Have records exported; what you may not read is there as its hash."""
    body = {"tenant": tenant, "format": form, "first": first, "end": end, "disclose": disclose}
    if where:
        body["filter"] = dict(_part(one) for one in where)
    with told():
        client = client_of(context)
        found = client.post(EXPORTS, body)
        if output is not None:
            found = _fetched(client, found["id"], output)
    words = f"export {found['id']} is {found['state']}"
    tell(words if output is None else f"{words}: {output}", found, as_json=as_json)


@commands.command("list")
def list_exports(context: typer.Context, *, as_json: flags.AsJson = False) -> None:
    """Show exports, newest first."""
    with told():
        found = client_of(context).rows(EXPORTS, "exports")
    if as_json:
        show_json(found)
        return
    columns = ("export", "tenant", "format", "state", "records", "withheld", "bytes", "created")
    rows = [
        (
            one["id"],
            one["tenant"],
            one["format"],
            one["state"],
            one["records"],
            one["withheld"],
            one["bytes"],
            one["created_at"],
        )
        for one in found
    ]
    show_table(columns, rows, "nothing was exported yet")


@commands.command()
def show(context: typer.Context, export: ExportId, *, _as_json: flags.AsJson = False) -> None:
    """Show one export as JSON."""
    with told():
        show_json(client_of(context).get(f"{EXPORTS}/{export}"))


@commands.command()
def cancel(context: typer.Context, export: ExportId, *, as_json: flags.AsJson = False) -> None:
    """Stop an export that is not done."""
    with told():
        found = client_of(context).post(f"{EXPORTS}/{export}/cancel")
    tell(f"export {export} is {found['state']}", found, as_json=as_json)


@commands.command()
def download(
    context: typer.Context,
    export: ExportId,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where to.")],
    *,
    as_json: flags.AsJson = False,
) -> None:
    """Write the file of an export; waits until it is done."""
    with told():
        found = _fetched(client_of(context), export, output)
    tell(f"{found['bytes']} bytes, sha256 {found['sha256']}: {output}", found, as_json=as_json)


def _fetched(client: Client, export: str, output: Path) -> dict[str, Any]:
    found = _ended(client, export)
    if found["state"] != "done":
        raise CliProblem(f"export {export} is {found['state']}: {found['detail']}", FOUND)
    content = client.get_bytes(f"{EXPORTS}/{export}/file")
    try:
        output.write_bytes(content)
    except OSError as error:
        stop(f"{output} cannot be written: {error.strerror}", WRONG_USE)
    return found


def _ended(client: Client, export: str) -> dict[str, Any]:
    deadline = monotonic() + PATIENCE_S
    while True:
        found: dict[str, Any] = client.get(f"{EXPORTS}/{export}")
        if found["state"] != "asked":
            return found
        if monotonic() > deadline:
            raise CliProblem(f"export {export} goes on; fetch it later", UNAVAILABLE)
        sleep(POLL_S)


def _part(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or name not in (*FILTERS, "from", "to"):
        stop(f"--where {text}: expected NAME=VALUE with one of {', '.join(FILTERS)}", WRONG_USE)
    return name, value
