"""Secret references: where a client secret is, without saying what it is."""

from collections.abc import Callable, Mapping
from pathlib import Path

from quarterdeck.governance.sync.ports import CloudFailure, FailureClass

MAX_SECRET_BYTES = 64 * 1024


def resolve(reference: str, environ: Mapping[str, str]) -> str:
    """The secret behind ``env:NAME`` or ``file:PATH``, read anew at each call.

    One trailing line break of a file is dropped. Raises CloudFailure(AUTHENTICATION); its
    message names the reference, never the value. A text without one of the two forms is
    not repeated: it may be a secret that somebody pasted.
    """
    scheme, _, name = reference.partition(":")
    if scheme not in SOURCES or not name:
        raise refused("the secret reference has neither the form env:NAME nor file:PATH")
    secret = SOURCES[scheme](name, environ)
    if not secret:
        raise refused(f"the secret reference {reference} points to nothing: set it, or correct it")
    return secret


def from_environment(name: str, environ: Mapping[str, str]) -> str:
    """The variable's value; empty where it is not set."""
    return environ.get(name, "")


def from_file(name: str, _environ: Mapping[str, str]) -> str:
    """The file's text; empty where there is no such file."""
    try:
        with Path(name).open("rb") as file:
            return file.read(MAX_SECRET_BYTES).decode().removesuffix("\n").removesuffix("\r")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise refused(f"the secret reference file:{name} cannot be read: {reason}") from error


SOURCES: Mapping[str, Callable[[str, Mapping[str, str]], str]] = {
    "env": from_environment,
    "file": from_file,
}


def refused(message: str) -> CloudFailure:
    """A failure that only a person with the right secret can end."""
    return CloudFailure(FailureClass.AUTHENTICATION, message)
