"""A view: the question that a list's address asks, kept under a name."""

from dataclasses import dataclass

from quarterdeck.kernel.errors import Conflict, Invalid, NotFound
from quarterdeck.kernel.ids import PrincipalId

MAX_NAME, MAX_QUERY, MOST = 80, 4000, 100


class UnusableView(Invalid):
    """A view that cannot be kept; the message says why."""


class ViewExists(Conflict):
    """There is a view of that name for that page."""


class ViewNotFound(NotFound):
    """One has no such view."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What one principal looks at again.

    Attributes:
        page: the path of the list, on this site.
        query: what stands behind the ``?`` of its address.
    """

    id: str
    principal: PrincipalId
    page: str
    name: str
    query: str

    def __post_init__(self) -> None:
        if not 0 < len(self.name.strip()) <= MAX_NAME:
            raise UnusableView(f"a view needs a name of 1 to {MAX_NAME} characters")
        if not self.page.startswith("/") or self.page.startswith("//") or "?" in self.page:
            raise UnusableView("a view's page is a path on this site, such as /resources")
        if len(self.page) + len(self.query) > MAX_QUERY or "#" in self.query:
            raise UnusableView(f"a view's address has at most {MAX_QUERY} characters, and no #")

    @property
    def address(self) -> str:
        """Where it leads."""
        return f"{self.page}?{self.query}" if self.query else self.page
