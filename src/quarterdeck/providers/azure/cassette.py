"""Recorded exchanges with Azure, as files: the JSON form of vcr, version 1."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from quarterdeck.kernel.errors import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and its answer.

    Attributes:
        headers: of the answer, by lower-case name.
        body: of the answer; JSON stands as it does in the file, to the byte.
    """

    method: str
    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


class Asked(msgspec.Struct, frozen=True):
    """A recorded request; what we sent besides is of no use in playing it back."""

    method: str
    uri: str


class Status(msgspec.Struct, frozen=True):
    """A status line."""

    code: int
    message: str = ""


class Body(msgspec.Struct, frozen=True, omit_defaults=True):
    """A recorded body: ``data`` is JSON, ``string`` is text. One of the two is there."""

    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    string: str | None = None


class Answered(msgspec.Struct, frozen=True):
    """A recorded answer."""

    status: Status
    body: Body
    headers: dict[str, list[str]] = {}


class Interaction(msgspec.Struct, frozen=True):
    """One exchange of a file."""

    request: Asked
    response: Answered


class Cassette(msgspec.Struct, frozen=True):
    """A file."""

    interactions: list[Interaction]
    version: Literal[1] = 1


def read(file: Path) -> list[Exchange]:
    """The exchanges of a file, in the order in which they were recorded.

    Raises Invalid where the file cannot be read as a cassette.
    """
    try:
        cassette = msgspec.json.decode(file.read_bytes(), type=Cassette)
        return [exchange(one) for one in cassette.interactions]
    except (OSError, msgspec.DecodeError) as error:
        raise Invalid(f"{file} is not a cassette of version 1: {error}") from error


def write(file: Path, exchanges: Sequence[Exchange]) -> None:
    """Write a file that ``read`` reads; readable by its owner alone."""
    cassette = Cassette(interactions=[interaction(one) for one in exchanges])
    file.touch(mode=0o600)
    file.write_bytes(msgspec.json.encode(cassette))


def exchange(one: Interaction) -> Exchange:
    """An exchange from its recorded form."""
    answered = one.response
    return Exchange(
        method=one.request.method,
        url=one.request.uri,
        status=answered.status.code,
        headers={name.lower(): ", ".join(values) for name, values in answered.headers.items()},
        body=body_bytes(answered.body),
    )


def interaction(one: Exchange) -> Interaction:
    """The recorded form of an exchange."""
    return Interaction(
        request=Asked(method=one.method, uri=one.url),
        response=Answered(
            status=Status(code=one.status),
            headers={name: [value] for name, value in one.headers.items()},
            body=recorded_body(one.body),
        ),
    )


def body_bytes(body: Body) -> bytes:
    """A body as it was sent. ``data`` that is a JSON string is text that was no JSON."""
    if body.data is msgspec.UNSET:
        return (body.string or "").encode()
    raw = bytes(body.data)
    return msgspec.json.decode(raw, type=str).encode() if raw.startswith(b'"') else raw


def recorded_body(body: bytes) -> Body:
    """A body's recorded form: JSON objects and arrays stay as they are, all else is text."""
    if body.lstrip()[:1] in (b"{", b"["):
        try:
            msgspec.json.decode(body)
            return Body(data=msgspec.Raw(body))
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
    return Body(string=body.decode(errors="replace"))
