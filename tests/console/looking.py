"""A page under watch: what it complains of, and whom it asks."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Error, Page, Request

LOUD = ("error", "warning")


@dataclass
class Watched:
    """A page, and what was noticed on it.

    ``expected`` are parts of complaints that a test provokes.
    """

    page: Page
    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    expected: list[str] = field(default_factory=list)

    def said(self, message: ConsoleMessage) -> None:
        if message.type in LOUD:
            self.complaints.append(message.text)

    def failed(self, error: Error) -> None:
        self.complaints.append(str(error))

    def asked(self, request: Request) -> None:
        self.hosts.add(urlsplit(request.url).netloc)

    def left(self) -> list[str]:
        """Complaints that were not expected."""
        return [c for c in self.complaints if not any(part in c for part in self.expected)]


@contextmanager
def watched(page: Page, url: str) -> Iterator[Watched]:
    """Watch ``page``; in the end, nothing was complained of and no other host asked."""
    found = Watched(page)
    page.on("console", found.said)
    page.on("pageerror", found.failed)
    page.on("request", found.asked)
    yield found
    assert found.left() == []
    assert found.hosts <= {urlsplit(url).netloc}
