"""quarterdeck keys: what signs logs, a new key in its place, a KMS around it, a copy of it."""

import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import (
    DONE,
    FOUND,
    REFUSED,
    WRONG_USE,
    say,
    show_json,
    show_table,
    stop,
    tell,
)
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.errors import QuarterdeckError
from quarterdeck.trail.keys import backup as copies

commands = typer.Typer(
    add_completion=False,
    help="Rotate, wrap, back up and restore the signing keys.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

CUSTODY = "/api/v1/trail/keystore"
PASSPHRASE = "QUARTERDECK_KEYS_PASSPHRASE"  # noqa: S105  the name of a variable
File = Annotated[Path, typer.Argument(metavar="FILE", help="Sealed with a passphrase.")]


Tenant = Annotated[str, typer.Option(help="Whose log; _platform: the installation's own.")]


@commands.command("list")
def list_keys(context: typer.Context, tenant: Tenant, *, as_json: flags.AsJson = False) -> None:
    """Show the keys that signed a log, oldest first, and until when two of them sign."""
    with told():
        answer = client_of(context).get(_path(tenant))
    found = answer["keys"]
    if as_json:
        show_json(found)
        return
    columns = ("number", "key_id", "made_at", "overlap_until", "reason", "incident")
    rows = [tuple(str(one[name] or "") for name in columns) for one in found]
    show_table(columns, rows, "no keys")
    say(f"wrapped by {answer['kms']}" if answer["kms"] else "wrapped by no KMS")


@commands.command()
def custody(context: typer.Context, *, as_json: flags.AsJson = False) -> None:
    """Show which KMS wraps the keys of all logs. Exits 1 if a change of that broke off."""
    with told():
        found = client_of(context).get(CUSTODY)
    _tell_custody(found, as_json=as_json)
    raise typer.Exit(DONE if found["whole"] else FOUND)


@commands.command()
def wrap(context: typer.Context, *, as_json: flags.AsJson = False) -> None:
    """Have the KMS that QUARTERDECK_KMS names wrap the keys of all logs.

    If the KMS is not there, nothing is changed. If it breaks off midway, every key can still be
    read, and the same command ends it.
    """
    with told():
        _tell_custody(client_of(context).post(f"{CUSTODY}/wrap", {}), as_json=as_json)


@commands.command()
def rewrap(context: typer.Context, *, as_json: flags.AsJson = False) -> None:
    """Wrap them by the newest version of the KMS's key, or by the KMS that is set now."""
    with told():
        _tell_custody(client_of(context).post(f"{CUSTODY}/rewrap", {}), as_json=as_json)


@commands.command()
def unwrap(
    context: typer.Context, *, yes: flags.Yes = False, as_json: flags.AsJson = False
) -> None:
    """Have no KMS wrap them any more: whoever reads the folder has the keys then."""
    if not yes:
        typer.confirm("Let the secrets of all keys lie open on disk?", abort=True, err=True)
    with told():
        _tell_custody(client_of(context).post(f"{CUSTODY}/unwrap", {}), as_json=as_json)


@commands.command()
def rotate(
    context: typer.Context,
    tenant: Tenant,
    overlap_days: Annotated[
        float, typer.Option(min=0.001, max=400, help="How long both keys sign.")
    ] = 30,
    incident: Annotated[
        str, typer.Option(help="With --emergency: the incident that it belongs to.")
    ] = "",
    *,
    emergency: Annotated[
        bool, typer.Option("--emergency", help="The old key signs nothing more, from now on.")
    ] = False,
    as_json: flags.AsJson = False,
) -> None:
    """Give a log a new signing key. Nothing stops meanwhile, and every old proof verifies."""
    if emergency and not incident:
        stop("name the incident: --emergency --incident ID", WRONG_USE)
    overlap_s = round(timedelta(days=overlap_days).total_seconds())
    asked = {"emergency": True, "incident": incident} if emergency else {"overlap_s": overlap_s}
    with told():
        made = client_of(context).post(f"{_path(tenant)}/rotate", asked)
    until = "the old one signs no more" if emergency else f"both sign until {made['overlap_until']}"
    words = f"the log of {tenant} has key {made['number']}, {made['vkey']}; {until}"
    tell(words, made, as_json=as_json)


@commands.command()
def backup(file: File, data: flags.Data = None, *, as_json: flags.AsJson = False) -> None:
    """Write all keys to FILE, sealed with a passphrase (asked for, or in the environment).

    Without the keys a log can be verified but never continued, and what was committed is
    lost. Keep FILE and the passphrase apart, and both apart from this machine. Keys that a KMS
    wraps are of use only where that KMS unwraps them.
    """
    folder = flags.installation_of(flags.configured(data=data)).keys
    try:
        count = copies.back_up(folder, file, _passphrase(confirm=True), utc_now())
        kms = copies.wrapped_by(folder)
    except QuarterdeckError as error:
        stop(str(error), REFUSED)
    except OSError as error:
        stop(f"{file} cannot be written: {error.strerror}", REFUSED)
    words = f"; whoever restores them needs {kms}, which wraps them" if kms else ""
    made = {"file": str(file), "keys": count, "kms": kms or None}
    tell(f"{count} keys in {file}{words}", made, as_json=as_json)


@commands.command()
def restore(file: File, data: flags.Data = None, *, as_json: flags.AsJson = False) -> None:
    """Put the keys of FILE back. Other keys that are there already are never overwritten."""
    folder = flags.installation_of(flags.configured(data=data)).keys
    try:
        count = copies.restore(file, _passphrase(confirm=False), folder)
    except QuarterdeckError as error:
        stop(str(error), REFUSED)
    except OSError as error:
        stop(f"{error.filename or file} cannot be used: {error.strerror}", WRONG_USE)
    words = f"{count} keys put back into {folder}"
    tell(words, {"folder": str(folder), "keys": count}, as_json=as_json)


@commands.command()
def status(data: flags.Data = None, *, as_json: flags.AsJson = False) -> None:
    """Say whether the keys were backed up since they last changed. Exits 1 if not."""
    state = copies.state(flags.installation_of(flags.configured(data=data)).keys)
    if as_json:
        show_json({"current": state.current, "made_at": state.made_at or None})
    elif state.current:
        say(f"the backup of {state.made_at} holds all keys" if state.made_at else "no keys yet")
    else:
        say("keys are not backed up: run quarterdeck keys backup FILE")
    raise typer.Exit(DONE if state.current else FOUND)


def _tell_custody(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(found)
        return
    by = f"{found['kms']} wraps the keys, by {found['version']}" if found["kms"] else "no KMS"
    say(f"{by}: {found['sealed']} files are sealed, {found['plain']} lie open")
    if not found["whole"]:
        say("a change broke off: ask for it again (wrap, or unwrap)")


def _path(tenant: str) -> str:
    return f"/api/v1/trail/logs/{quote(tenant, safe='')}/keys"


def _passphrase(*, confirm: bool) -> str:
    given = os.environ.get(PASSPHRASE, "")
    if not given and not sys.stdin.isatty():
        stop(f"nobody is here to be asked: give the passphrase in {PASSPHRASE}", WRONG_USE)
    return given or typer.prompt(
        "Passphrase", hide_input=True, confirmation_prompt=confirm, err=True
    )
