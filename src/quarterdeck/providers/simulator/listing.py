"""Paging: from a request to the part of a listing that it asks for, with its faults."""

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from quarterdeck.providers.simulator.answers import ARM, Form, Refused, answered, refusal
from quarterdeck.providers.simulator.faults import Fault, FaultKind, On
from quarterdeck.providers.simulator.world import World

MOST = 1_000
"""Items of a page, at most and by default; Azure Resource Manager's own limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a request stands in a listing.

    Attributes:
        page: its number, counted from 1.
        after: what the page begins after; empty for the first.
    """

    page: int = 1
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Encoded items, and what the next page begins after; empty at the end."""

    items: list[bytes]
    last: str


Cut = Callable[[str], Part]
"""The part of a listing that begins after what is given."""


class Desk:
    """Serves pages as an API would, struck by the faults that are set for it."""

    def __init__(self, world: World, on: On, form: Form = ARM, token: str = "$skiptoken") -> None:  # noqa: S107  of paging
        self._world = world
        self._on = on
        self._form = form
        self._token = token

    async def serve(self, request: Request, tenant: str, cut: Cut) -> Response:
        """The page that the request's address asks for."""
        place = begun(request.query_params.get(self._token, ""))
        return await self.page(request, tenant, place, cut, lambda at: self._link(request, at))

    async def page(
        self,
        request: Request,
        tenant: str,
        place: Place,
        cut: Cut,
        link: Callable[[Place], str],
    ) -> Response:
        """The page at ``place``; ``link`` writes how another one is asked for."""
        fault = await self.strike(request, tenant, place.page)
        part = cut(place.after)
        following = link(Place(page=place.page + 1, after=part.last)) if part.last else ""
        if fault is not None and fault.kind is FaultKind.REPEATED:
            part = cut("")
        return answered(self._form, part.items, following, fault, link(place))

    async def strike(self, request: Request, tenant: str, page: int = 1) -> Fault | None:
        """The fault of this request, if it lets an answer through; else what it refuses with."""
        subscription = request.path_params.get("subscription", "")
        fault = self._world.faults.strike(self._on, tenant, subscription, page)
        await obey(fault, request.url.path)
        return fault

    def _link(self, request: Request, place: Place) -> str:
        """The address of another page: this one, with a token."""
        asked = request.query_params.items()
        kept = [(name, value) for name, value in asked if name != self._token]
        pairs = [*kept, (self._token, skip_token(place))]
        query = "&".join(f"{name}={quote(value)}" for name, value in pairs)
        return f"{request.url.scheme}://{request.url.netloc}{request.url.path}?{query}"


async def obey(fault: Fault | None, path: str) -> None:
    """Be late, or refuse, as the fault says."""
    if fault is None:
        return
    if fault.kind is FaultKind.SLOW:
        await asyncio.sleep(fault.seconds)
    error = refusal(fault, path)
    if error is not None:
        raise error


def slices(items: Sequence[bytes], top: int) -> Cut:
    """Pages of a listing that stands still, by number."""

    def cut(after: str) -> Part:
        start = int(after or 0)
        end = start + top
        return Part(items=list(items[start:end]), last=str(end) if end < len(items) else "")

    return cut


def count(top: str, most: int = MOST) -> int:
    """Items a page, from ``$top``."""
    if top and not (top.isdecimal() and int(top) > 0):
        raise Refused(400, "InvalidTopInQueryString", "$top must be a positive integer.")
    return min(int(top or most), most)


def begun(token: str) -> Place:
    """Where a token leads; the first page without one."""
    if not token:
        return Place()
    try:
        page, after = msgspec.json.decode(urlsafe_b64decode(token), type=tuple[int, str])
    except ValueError as error:
        words = "The $skiptoken is not one that this service has given."
        raise Refused(400, "InvalidSkipToken", words) from error
    return Place(page=page, after=after)


def skip_token(place: Place) -> str:
    """How a place is written into a link."""
    return urlsafe_b64encode(msgspec.json.encode((place.page, place.after))).decode()
