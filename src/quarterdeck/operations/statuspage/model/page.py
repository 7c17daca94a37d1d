"""A status page: a tenant has one at most, and strangers see it once it is published. Pure."""

from dataclasses import dataclass
from datetime import datetime

from quarterdeck.operations.statuspage.model.words import (
    check_line,
    check_link,
    check_name,
    check_text,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPage:
    """What stands on top of it.

    Attributes:
        slug: its address: ``/status/SLUG``; one of the whole installation.
        support: where to turn: a web address, or ``mailto:``; empty: nowhere.
    """

    slug: str
    title: str
    intro: str = ""
    support: str = ""

    def __post_init__(self) -> None:
        check_name("slug", self.slug)
        check_line("the title", self.title, least=1)
        check_text("the intro", self.intro)
        check_link(self.support)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A page as it stands.

    Attributes:
        published: whether strangers see it; to them, one that is not is none.
        by: who wrote it so, and ``at`` when.
    """

    tenant: str
    version: int
    published: bool
    by: str
    at: datetime
    page: StatusPage
