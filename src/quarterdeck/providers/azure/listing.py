"""A page of a listing, as bytes: understood only as far as paging needs."""

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass, Page
from quarterdeck.providers.azure.retry import failure
from quarterdeck.providers.azure.transport import Answer, where

Body = TypeVar("Body")
Understand = Callable[[Answer], tuple[Page, str]]
"""Reads the page in an answer, and what asks for the next one; empty after the last."""


class Listing(msgspec.Struct, frozen=True):
    """The body of a listing (Azure Resource Manager RPC, "Get collection"; OData 4.0, 11.2.6.7).

    Items stay as they were sent, so a field that nobody here knows is kept as well.
    """

    value: list[msgspec.Raw]
    next_link: str | None = msgspec.field(default=None, name="nextLink")
    odata_link: str | None = msgspec.field(default=None, name="@odata.nextLink")


LISTING = msgspec.json.Decoder(Listing)
ITEM = msgspec.json.Decoder(dict[str, msgspec.Raw])


def understand(answer: Answer) -> tuple[Page, str]:
    """The page in an answer and the address of the next; empty after the last."""
    listing = decoded(answer, LISTING)
    items = tuple(bytes(item) for item in listing.value)
    following = listing.next_link or listing.odata_link or ""
    return Page(items=items, request_id=answer.request_id), following


def whole(answer: Answer) -> Page:
    """An answer that is one item."""
    decoded(answer, ITEM)
    return Page(items=(answer.body,), request_id=answer.request_id)


def decoded(answer: Answer, decoder: msgspec.json.Decoder[Body]) -> Body:
    """The body of an answer.

    What is not JSON may have been damaged on its way and is worth asking for again; JSON of
    another shape is not. Both are DATA.
    """
    try:
        answer.body.decode()  # msgspec skips over what it hands on raw, bad UTF-8 included
        return decoder.decode(answer.body)
    except msgspec.ValidationError as error:
        raise unreadable(answer, f"not a listing: {error}", passing=False) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise unreadable(answer, f"not JSON: {error}", passing=True) from error


def unreadable(answer: Answer, why: str, *, passing: bool) -> CloudFailure:
    """A page that cannot be read, and where it was."""
    message = f"{where(answer.url)}: {why}"
    return failure(
        FailureClass.DATA,
        message,
        passing=passing,
        request_id=answer.request_id,
        page=answer.body,
    )


def same_place(url: str, endpoint: str) -> bool:
    """Whether ``url`` is of the same scheme, host and port as ``endpoint``.

    A token sent elsewhere is a token given away.
    """
    here, there = urlsplit(endpoint), urlsplit(url)
    return place(here.scheme, here.netloc) == place(there.scheme, there.netloc)


def place(scheme: str, netloc: str) -> tuple[str, str]:
    """Scheme, host and port in one form: lower case, the usual port left out."""
    usual = {"https": ":443", "http": ":80"}.get(scheme.lower(), "")
    return scheme.lower(), netloc.lower().removesuffix(usual)
