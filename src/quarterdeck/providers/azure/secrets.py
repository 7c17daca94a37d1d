"""Secret references: where a connection's proof of who it is stands, not what it says.

A reference is kept as a person wrote it, whatever it is; only its use tells whether it
names a place that is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass

MAX_SECRET_BYTES = 64 * 1024
FORMS = (
    "env:NAME, file:PATH, keyvault:VAULT/NAME, the address of a Key Vault secret,"
    " certificate:PATH, federated:PATH, or managed-identity"
)


class Proof(StrEnum):
    """How a credential proves who it is."""

    SECRET = "secret"  # noqa: S105  a word
    VAULT = "vault"
    CERTIFICATE = "certificate"
    FEDERATED = "federated"
    MANAGED = "managed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A reference, understood.

    Attributes:
        text: of ``SECRET`` the secret itself, of ``VAULT`` ``VAULT/NAME[/VERSION]`` or an
            address, of ``MANAGED`` the client id of a user-assigned identity, of the others
            a path.
        content: of ``CERTIFICATE``, its file as it is now.
    """

    proof: Proof
    text: str = field(repr=False)
    content: bytes = field(default=b"", repr=False)


def understood(reference: str, environ: Mapping[str, str]) -> Reference:
    """What a reference names; files and variables are read anew at each call.

    Raises CloudFailure(AUTHENTICATION); its message names the reference, never the value. A
    text of no known form is not repeated: it may be a secret that somebody pasted.
    """
    if urlsplit(reference).scheme == "https":
        return Reference(proof=Proof.VAULT, text=reference)
    scheme, _, name = reference.partition(":")
    if scheme == "managed-identity":
        return Reference(proof=Proof.MANAGED, text=name)
    if not name or scheme not in {"env", "file", "keyvault", "certificate", "federated"}:
        raise refused(f"the secret reference has none of the forms that are known: {FORMS}")
    if scheme in {"env", "file"}:
        return Reference(proof=Proof.SECRET, text=secret(scheme, name, environ))
    if scheme == "certificate":
        content = from_file(name, reference)
        return Reference(proof=Proof.CERTIFICATE, text=name, content=content)
    proof = Proof.VAULT if scheme == "keyvault" else Proof.FEDERATED
    return Reference(proof=proof, text=name)


def secret(scheme: str, name: str, environ: Mapping[str, str]) -> str:
    """The secret in a variable or a file; one trailing line break of a file is dropped."""
    reference = f"{scheme}:{name}"
    if scheme == "env":
        found = environ.get(name, "")
    else:
        found = text_of(from_file(name, reference), reference)
    if not found:
        raise refused(f"the secret reference {reference} points to nothing: set it, or correct it")
    return found


def text_of(content: bytes, reference: str) -> str:
    """A file's text, without one line break at its end."""
    try:
        return content.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise unreadable(reference, "it is not text in UTF-8") from error


def from_file(name: str, reference: str) -> bytes:
    """A file's content; raises where there is no such file, or nothing in it."""
    try:
        with Path(name).open("rb") as file:
            content = file.read(MAX_SECRET_BYTES)
    except FileNotFoundError:
        content = b""
    except (OSError, ValueError) as error:
        raise unreadable(reference, getattr(error, "strerror", "") or "no such name") from error
    if not content:
        raise refused(f"the secret reference {reference} points to nothing: set it, or correct it")
    return content


def unreadable(reference: str, why: str) -> CloudFailure:
    """There is something, but not to be read."""
    return refused(f"the secret reference {reference} cannot be read: {why}")


def refused(message: str) -> CloudFailure:
    """A failure that only a person with the right secret can end."""
    return CloudFailure(FailureClass.AUTHENTICATION, message)
