"""quarterdeck keys: a copy of the signing keys, for the day the disk dies."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.output import DONE, FOUND, REFUSED, WRONG_USE, say, show_json, stop, tell
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.errors import QuarterdeckError
from quarterdeck.trail.keys import backup as copies

commands = typer.Typer(
    add_completion=False,
    help="Back up and restore the signing keys.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

PASSPHRASE = "QUARTERDECK_KEYS_PASSPHRASE"  # noqa: S105  the name of a variable
File = Annotated[Path, typer.Argument(metavar="FILE", help="Sealed with a passphrase.")]


@commands.command()
def backup(file: File, data: flags.Data = None, *, as_json: flags.AsJson = False) -> None:
    """Write all keys to FILE, sealed with a passphrase (asked for, or in the environment).

    Without the keys a log can be verified but never continued, and what was committed is
    lost. Keep FILE and the passphrase apart, and both apart from this machine.
    """
    folder = flags.installation_of(flags.configured(data=data)).keys
    try:
        count = copies.back_up(folder, file, _passphrase(confirm=True), utc_now())
    except QuarterdeckError as error:
        stop(str(error), REFUSED)
    except OSError as error:
        stop(f"{file} cannot be written: {error.strerror}", REFUSED)
    tell(f"{count} keys in {file}", {"file": str(file), "keys": count}, as_json=as_json)


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


def _passphrase(*, confirm: bool) -> str:
    given = os.environ.get(PASSPHRASE, "")
    if not given and not sys.stdin.isatty():
        stop(f"nobody is here to be asked: give the passphrase in {PASSPHRASE}", WRONG_USE)
    return given or typer.prompt(
        "Passphrase", hide_input=True, confirmation_prompt=confirm, err=True
    )
