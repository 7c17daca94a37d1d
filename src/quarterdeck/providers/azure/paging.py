"""Follows a listing to its last page, and nowhere else."""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256

from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass, Page
from quarterdeck.providers.azure.asks import Ask
from quarterdeck.providers.azure.client import Client
from quarterdeck.providers.azure.listing import Understand, same_place
from quarterdeck.providers.azure.transport import where

MAX_PAGES = 100_000
"""Of one listing. At 1,000 items a page no subscription comes near."""


def follow(client: Client, first: Ask, understand: Understand) -> Iterator[Page]:
    """Every page of a listing; each request for one is like the first, at another address.

    A next page on another host, or one that was read already, is refused: DATA.
    """
    seen: set[str] = set()
    read: set[bytes] = set()
    url = first.url
    while url:
        admit(url, first.url, seen)
        page, url = client.read(replace(first, url=url), understand)
        refuse_again(page, first.url, read)
        yield page


def admit(url: str, home: str, seen: set[str]) -> None:
    """Refuse an address that is not ``home``'s, or was ``seen``; then it is seen."""
    if not same_place(url, home):
        raise astray(url, f"the next page is not where the first one is, at {where(home)}")
    refuse_round(url, url, seen)


def refuse_round(place: str, url: str, seen: set[str]) -> None:
    """Refuse a ``place`` (an address, a token) that was ``seen``, or one too many; then it is."""
    if place in seen or len(seen) >= MAX_PAGES:
        raise astray(url, f"paging goes round in a circle after {len(seen)} pages")
    seen.add(place)


def refuse_again(page: Page, url: str, read: set[bytes]) -> None:
    """Refuse a page whose items all came before: behind a new address is the same page."""
    if not page.items:
        return
    digest = sha256(b"\n".join(page.items)).digest()
    if digest in read:
        raise astray(url, f"page {len(read) + 1} repeats an earlier one")
    read.add(digest)


def astray(url: str, why: str) -> CloudFailure:
    """Paging that cannot be followed."""
    return CloudFailure(FailureClass.DATA, f"{where(url)}: {why}")
