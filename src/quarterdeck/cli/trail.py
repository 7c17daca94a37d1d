"""quarterdeck trail: read and check the audit trail."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, unquote

import typer

from quarterdeck.cli import explore, flags, trail_export
from quarterdeck.cli.client import Client, CliProblem, client_of, told
from quarterdeck.cli.options import config_home
from quarterdeck.cli.output import DONE, FOUND, WRONG_USE, say, show_json, show_table, tell
from quarterdeck.cli.output import stop as stop_with
from quarterdeck.trail.integrity import service as integrity
from quarterdeck.trail.integrity.known import KnownLogs
from quarterdeck.trail.integrity.model import Progress, Read, Unreadable, Verdict
from quarterdeck.trail.keys.note import Malformed, Verifier
from quarterdeck.trail.keys.second import SecondKey

LOGS = "/api/v1/trail/logs"

commands = typer.Typer(
    add_completion=False,
    help="Read and check the audit trail.",
    rich_markup_mode=None,
    no_args_is_help=True,
)


commands.command()(explore.query)
commands.command()(explore.timeline)
commands.command()(explore.actor)
commands.command()(explore.resource)
commands.add_typer(explore.projections, name="projections")
commands.add_typer(trail_export.commands, name="export")


def _key(text: str) -> Verifier:
    try:
        return Verifier.parse(text)
    except Malformed as error:
        stop_with(f"--key: {error}", WRONG_USE)


def _second(path: Path) -> SecondKey:
    try:
        return SecondKey.parse(path.read_text())
    except (OSError, UnicodeDecodeError, Malformed) as error:
        stop_with(f"--second-key: {error}", WRONG_USE)


Tenant = Annotated[str, typer.Option(metavar="TENANT", help="Whose log; else all you may read.")]
OfTenant = Annotated[str, typer.Argument(metavar="TENANT", help="Whose log, as trail list shows.")]
Copy = Annotated[
    Path | None,
    typer.Argument(metavar="[COPY]", help="A directory with a copied log; else the server's."),
]
Key = Annotated[
    str,
    typer.Option(
        metavar="VKEY",
        help="The log's public key, from someone you trust: not from whoever gave you the copy.",
    ),
]
SecondKeyFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="The key of its ML-DSA-44 cosignature, which must be there then."
    ),
]
Since = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="A checkpoint seen before: shows whether the log was rolled back."
    ),
]


@commands.command("list")
def list_logs(context: typer.Context, *, as_json: flags.AsJson = False) -> None:
    """Show the logs you may read, each with its key. Write the keys down elsewhere."""
    with told():
        logs = _logs(client_of(context))
    if as_json:
        show_json(logs)
        return
    rows = [(one["tenant"], one["size"], one["pending"], one["vkey"]) for one in logs]
    show_table(("tenant", "records", "pending", "key"), rows, "no log has begun")


@commands.command()
def show(
    context: typer.Context,
    tenant: OfTenant,
    index: Annotated[
        int | None, typer.Argument(metavar="[INDEX]", help="One record, with its proof.")
    ] = None,
    *,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many, newest first.")] = 20,
    as_json: flags.AsJson = False,
) -> None:
    """Show the newest records of a log; or one, whole, with the proof that it is there."""
    base = f"{LOGS}/{quote(tenant, safe='')}/records"
    with told():
        if index is not None:
            record = client_of(context).get(f"{base}/{index}")
            proof = client_of(context).get(f"{base}/{index}/proof") if record["proven"] else None
            show_json(record | {"proof": proof})
            return
        records = client_of(context).get(base, limit=limit)["records"]
    if as_json:
        show_json(records)
        return
    columns = ("index", "occurred", "actor", "action", "resource", "outcome", "proven")
    show_table(columns, map(explore.row, records), f"the log of {tenant} has no records")


@commands.command()
def verify(
    context: typer.Context,
    copy: Copy = None,
    *,
    tenant: Tenant = "",
    key: Key = "",
    second_key: SecondKeyFile = None,
    since: Since = None,
    as_json: flags.AsJson = False,
) -> None:
    """Check that a log is complete, unaltered, and signed by the key it should be.

    With COPY, a directory that trail copy wrote: needs no server and no account. Without,
    the server's logs: everything is recomputed from what the server serves, against the key
    that was pinned at first use (in known_logs, beside your configuration) and the
    checkpoint seen last; the server's own word counts for nothing.

    Exits 0 if intact, 1 if something was found or the signer is not known, 2 if there is
    nothing that can be read, 4 if the server does not answer.
    """
    pinned = _key(key) if key else None
    second = None if second_key is None else _second(second_key)
    with _readable():
        if second is not None and copy is None:
            stop_with("--second-key goes with COPY", WRONG_USE)
        if copy is not None:
            if tenant:
                stop_with("give either COPY or --tenant", WRONG_USE)
            with _progress() as progress:
                seen = _seen(since)
                verdict = integrity.verify_copy(copy, pinned, seen, progress, second)
            found = [(str(copy), verdict)]
            if since is None:
                say("whether records were cut off at its end is not checkable without --since")
        else:
            if since is not None and pinned is None:
                # Without --key the checkpoint seen last is kept in known_logs, and compared.
                stop_with("--since goes with COPY, or with --key", WRONG_USE)
            found = list(_verify_online(client_of(context), tenant, pinned, _seen(since)))
    _report(found, as_json=as_json)


@commands.command("copy")
def copy_log(
    context: typer.Context,
    tenant: OfTenant,
    directory: Annotated[
        Path, typer.Argument(metavar="DIRECTORY", help="Made, or brought up to date.")
    ],
    *,
    as_json: flags.AsJson = False,
) -> None:
    """Copy a log into DIRECTORY, to keep elsewhere and to verify without a server."""
    client = client_of(context)
    with told(), _readable(), _progress() as progress:
        one = next(iter(_named(_logs(client), tenant)))
        head = integrity.copy_log(_reader(client, tenant), directory, progress)
    words = (
        f"{head.size} records in {directory}; check them with:\n"
        f"quarterdeck trail verify {directory} --key '{one['vkey']}'"
    )
    copied = {"directory": str(directory), "records": head.size, "vkey": one["vkey"]}
    tell(words, copied, as_json=as_json)


def _verify_online(
    client: Client, tenant: str, key: Verifier | None, since: bytes | None
) -> Iterator[tuple[str, Verdict]]:
    known = KnownLogs(config_home() / "known_logs")
    base = f"{client.url}{LOGS}/"
    with told():
        logs = _logs(client)
        gone = list(_vanished(logs, known, base, tenant))
        yield from gone
        for one in _served(logs, tenant) if gone else _named(logs, tenant):
            name, url = one["tenant"], f"{base}{quote(one['tenant'], safe='')}"
            claimed = _claimed(one)
            if known.of(url) is None and key is None:
                say(f"{name}: first use, the key {claimed.vkey} is pinned now")
            read = _reader(client, name)
            with _progress() as progress:
                if key is not None:
                    yield name, integrity.verify(read, key, since, progress)
                else:
                    yield name, integrity.verify_online(read, url, claimed, known, progress)


def _vanished(
    logs: list[dict[str, Any]], known: KnownLogs, base: str, tenant: str
) -> Iterator[tuple[str, Verdict]]:
    """Logs seen before that the server names no more: one removed whole leaves no other trace."""
    named = {base + quote(one["tenant"], safe="") for one in logs if one["size"]}
    for url in known.below(base):
        name, kept = unquote(url.removeprefix(base)), known.of(url)
        if kept is not None and url not in named and tenant in ("", name):
            yield name, integrity.vanished(kept)


def _claimed(one: dict[str, Any]) -> Verifier:
    try:
        return Verifier.parse(one["vkey"])
    except Malformed as error:
        raise Unreadable(f"the server names no key for {one['tenant']}: {error}") from error


def _logs(client: Client) -> list[dict[str, Any]]:
    logs: list[dict[str, Any]] = client.get(LOGS)["logs"]
    return logs


def _named(logs: list[dict[str, Any]], tenant: str) -> list[dict[str, Any]]:
    named = _served(logs, tenant)
    if not named:
        raise CliProblem(f"no log{f' of {tenant}' if tenant else ''} that you may read", WRONG_USE)
    return named


def _served(logs: list[dict[str, Any]], tenant: str) -> list[dict[str, Any]]:
    return [one for one in logs if one["size"] and tenant in ("", one["tenant"])]


def _reader(client: Client, tenant: str) -> Read:
    def read(path: str) -> bytes | None:
        try:
            return client.get_bytes(f"{LOGS}/{quote(tenant, safe='')}/{path}")
        except CliProblem as problem:
            if problem.code == WRONG_USE:  # not found
                return None
            raise

    return read


def _seen(since: Path | None) -> bytes | None:
    try:
        return None if since is None else since.read_bytes()
    except OSError as error:
        raise Unreadable(f"cannot read --since: {error}") from error


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except Unreadable as error:
        stop_with(f"cannot be read: {error}", WRONG_USE)


@contextmanager
def _progress() -> Iterator[Progress]:
    if not sys.stderr.isatty():
        yield integrity.silent
        return
    from rich.console import Console  # noqa: PLC0415  50 ms that only a terminal pays
    from rich.progress import Progress as Bar  # noqa: PLC0415

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("records", total=None)

        def show_progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield show_progress


def _report(found: list[tuple[str, Verdict]], *, as_json: bool) -> None:
    if as_json:
        show_json([_document(name, verdict) for name, verdict in found])
    for name, verdict in [] if as_json else found:
        size = verdict.head.size
        if verdict.intact:
            typer.echo(f"{name}: intact, {size} records")
        for finding in (*verdict.findings, *verdict.purged):
            typer.echo(f"{name}: {finding.where}: {finding.what}")
    raise typer.Exit(DONE if all(verdict.intact for _, verdict in found) else FOUND)


def _document(name: str, verdict: Verdict) -> dict[str, Any]:
    return {
        "log": name,
        "origin": verdict.head.origin,
        "records": verdict.head.size,
        "intact": verdict.intact,
        "findings": [asdict(finding) for finding in verdict.findings],
        "purged": [asdict(purged) for purged in verdict.purged],
        "checkpoint": verdict.note.decode(),
    }
