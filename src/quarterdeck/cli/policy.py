"""quarterdeck policy: which field of the trail is how secret, who sees it, how many may come."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import WRONG_USE, say, show_json, show_table, stop

commands = typer.Typer(
    add_completion=False,
    help="Policies of the trail: what is how secret, who sees it, how long and where it is kept.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Tenant = Annotated[str, typer.Argument(metavar="TENANT", help="_platform: for every tenant.")]
KindOf = Annotated[
    str,
    typer.Argument(
        metavar="KIND",
        help="classification, redaction, ingest-rate, retention, residency or approvals.",
    ),
]
COLUMNS = ("tenant", "kind", "version", "at", "by", "index")


@commands.command("list")
def list_policies(context: typer.Context, *, as_json: flags.AsJson = False) -> None:
    """Show the newest version of each policy."""
    with told():
        answer = client_of(context).get("/api/v1/trail/policies")
    _show(answer["policies"], answer, as_json=as_json)


@commands.command()
def get(
    context: typer.Context,
    tenant: Tenant,
    kind: KindOf,
    version: Annotated[int | None, typer.Option(help="Default: the newest.")] = None,
    *,
    as_json: flags.AsJson = False,
) -> None:
    """Show a policy, as JSON."""
    del as_json  # a policy is JSON either way
    asked = {} if version is None else {"version": str(version)}
    with told():
        show_json(client_of(context).get(_path(tenant, kind), **asked))


@commands.command()
def versions(
    context: typer.Context, tenant: Tenant, kind: KindOf, *, as_json: flags.AsJson = False
) -> None:
    """Show all versions of a policy, newest first."""
    with told():
        answer = client_of(context).get(f"{_path(tenant, kind)}/versions")
    _show(answer["versions"], answer, as_json=as_json)


@commands.command()
def put(
    context: typer.Context,
    tenant: Tenant,
    kind: KindOf,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The document: YAML or JSON.")],
    sample: Annotated[
        Path | None, typer.Option(help="An event, JSON, to try a classification on.")
    ] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and try; no change.")] = False,
    as_json: flags.AsJson = False,
) -> None:
    """Make a document the next version of a policy. Twice is once."""
    body = _read(file)
    if kind != "ingest-rate":
        body = {"document": body}
        if sample is not None:
            body["sample"] = _read(sample)
    query = "?dry_run=true" if dry_run else ""
    with told():
        answer = client_of(context).put(_path(tenant, kind) + query, body)
    if as_json:
        show_json(answer)
        return
    tried = answer.get("tried")
    if tried:
        rows = [(path, cls) for path, cls in tried["classification"].items()]
        show_table(("path", "class"), rows, "no field")
        say(f"retention class {tried['retention']}")
    words = "would be" if dry_run else "is"
    say(f"{kind} of {tenant} {words} at version {answer['version']}")


def _path(tenant: str, kind: str) -> str:
    return f"/api/v1/trail/policies/{tenant}/{kind}"


def _read(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text()
        found = json.loads(text) if file.suffix == ".json" else yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError) as error:
        stop(f"{file} cannot be read: {error}", WRONG_USE)
    if not isinstance(found, dict):
        stop(f"{file} holds no object", WRONG_USE)
    return found


def _show(found: list[dict[str, Any]], answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(answer)
        return
    rows = [tuple("" if one[c] is None else str(one[c]) for c in COLUMNS) for one in found]
    show_table(COLUMNS, rows, "no policy: every field that comes is committed")
