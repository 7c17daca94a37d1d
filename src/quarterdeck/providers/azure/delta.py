"""Follows what changed of a listing of Microsoft Graph, from a mark to the next one.

https://learn.microsoft.com/graph/delta-query-overview.
"""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256

import msgspec

from quarterdeck.governance.cloud.ports import FailureClass, Outdated, Page
from quarterdeck.providers.azure.asks import Ask
from quarterdeck.providers.azure.client import Client
from quarterdeck.providers.azure.listing import decoded, same_place, unreadable
from quarterdeck.providers.azure.paging import admit
from quarterdeck.providers.azure.transport import Answer


class Delta(msgspec.Struct, frozen=True):
    """The body of an answer; items stay as they were sent."""

    value: list[msgspec.Raw]
    following: str | None = msgspec.field(default=None, name="@odata.nextLink")
    mark: str | None = msgspec.field(default=None, name="@odata.deltaLink")


DELTA = msgspec.json.Decoder(Delta)
Part = tuple[Page, str, str]
"""A page, the address of the next, and after the last the one to ask for later changes."""


def marked(first: Ask, link: str) -> str:
    """A mark: the cloud's own link, and what it was asked for.

    A link answers with the fields that were chosen when it was begun: once another release
    chooses others, it does no more.
    """
    return f"{_asked(first)} {link}"


def changes(client: Client, first: Ask, mark: str) -> Iterator[tuple[Page, str]]:
    """Every page of what changed since ``mark``, the last one with the next mark.

    ``first`` is how a mark is begun. Raises Outdated where ``mark`` is of another place, or
    of another question. Pages may repeat what came before; their addresses may not.
    """
    asked, _, url = mark.partition(" ")
    if asked != _asked(first) or not same_place(url, first.url):
        raise Outdated(FailureClass.DATA, "the mark is of another question: all is read again")
    seen: set[str] = set()
    while url:
        admit(url, first.url, seen)
        page, url, later = client.read(replace(first, url=url), understand)
        yield page, marked(first, later) if later else ""


def understand(answer: Answer) -> Part:
    """The page in an answer; one that leads nowhere was cut short: DATA."""
    found = decoded(answer, DELTA)
    following, mark = found.following or "", found.mark or ""
    if bool(following) is bool(mark):
        why = "expected either a next page or a mark for later"
        raise unreadable(answer, why, passing=False)
    items = tuple(bytes(item) for item in found.value)
    return Page(items=items, request_id=answer.request_id), following, mark


def _asked(first: Ask) -> str:
    return sha256(first.url.partition("/v1.0/")[2].encode()).hexdigest()[:16]
