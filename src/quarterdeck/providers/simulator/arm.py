"""Azure Resource Manager, simulated: subscriptions, groups and resources, page by page."""

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from quarterdeck.providers.simulator.answers import JSON, Refused, damaged, page, refusal
from quarterdeck.providers.simulator.faults import Fault, FaultKind, On
from quarterdeck.providers.simulator.shelf import EXPANSIONS, Shelf
from quarterdeck.providers.simulator.world import World, subscription_item

MOST = 1_000
"""Items of a page, at most and by default; Azure Resource Manager's own limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a request for a page asks.

    Attributes:
        after: the key after which the page begins; empty for the first.
        page: its number, counted from 1.
    """

    top: int
    after: str
    page: int
    expand: frozenset[str]


class Arm:
    """The endpoints that sync reads, for whoever holds a token."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        """Its addresses. Azure takes the names of collections in any case; these are common."""
        one = "/subscriptions/{subscription}"
        return [
            Route("/subscriptions", self.subscriptions),
            Route(one, self.subscription),
            Route(f"{one}/resources", self.resources),
            Route(f"{one}/resourcegroups", self.groups),
            Route(f"{one}/resourceGroups", self.groups),
            Route(f"{one}/{{rest:path}}", self.resource),
        ]

    async def subscriptions(self, request: Request) -> Response:
        """Those of the token's directory."""
        tenant = self._enter(request)
        found = self._world.tenants[tenant].subscriptions
        shelf = Shelf(subscription_item(self._world.tenants[tenant], one) for one in found)
        return await self._page(request, "subscriptions", shelf)

    async def subscription(self, request: Request) -> Response:
        """One of them."""
        tenant = self._enter(request)
        found = self._world.subscriptions[request.path_params["subscription"]]
        item = subscription_item(self._world.tenants[tenant], found)
        return Response(msgspec.json.encode(item), media_type=JSON)

    async def resources(self, request: Request) -> Response:
        """The resources of a subscription."""
        self._enter(request)
        shelf = self._world.shelves[request.path_params["subscription"]]
        return await self._page(request, "resources", shelf)

    async def groups(self, request: Request) -> Response:
        """The resource groups of a subscription."""
        self._enter(request)
        groups = self._world.groups[request.path_params["subscription"]]
        return await self._page(request, "groups", Shelf(groups))

    async def resource(self, request: Request) -> Response:
        """One resource by its id."""
        self._enter(request)
        found = self._world.shelves[request.path_params["subscription"]].get(request.url.path)
        if found is None:
            raise Refused(
                404, "ResourceNotFound", f"The Resource {request.url.path} was not found."
            )
        return Response(found, media_type=JSON)

    def _enter(self, request: Request) -> str:
        """The directory of the token; refuses who has none, or one of another directory."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        grant = self._world.tokens.find(token) if scheme.lower() == "bearer" else None
        if grant is None:
            words = (
                "Authentication failed. The 'Authorization' header is missing or its token unknown."
            )
            raise Refused(401, "AuthenticationFailed", words)
        if self._world.tokens.expired(grant):
            raise Refused(401, "ExpiredAuthenticationToken", "The access token has expired.")
        if not request.query_params.get("api-version"):
            words = "The api-version query parameter (?api-version=) is required for all requests."
            raise Refused(400, "MissingApiVersionParameter", words)
        if "subscription" in request.path_params:
            self._own(grant.tenant, request.path_params["subscription"])
        return grant.tenant

    def _own(self, tenant: str, subscription: str) -> None:
        holder = self._world.holders.get(subscription)
        if holder is None:
            words = f"The subscription '{subscription}' could not be found."
            raise Refused(404, "SubscriptionNotFound", words)
        if holder.id != tenant:
            words = "The access token is from the wrong issuer: not the subscription's directory."
            raise Refused(401, "InvalidAuthenticationTokenTenant", words)

    async def _page(self, request: Request, on: On, shelf: Shelf) -> Response:
        query = asked(request)
        subscription = request.path_params.get("subscription", "")
        tenant = self._enter(request)
        fault = self._world.faults.strike(on, tenant, subscription, query.page)
        await obey(fault)
        part = shelf.stretch(query.after, query.top, query.expand)
        following = next_link(request, query.page + 1, part.last) if part.last else ""
        answer = damaged(page(part.items, following), fault, str(request.url))
        left = str(self._world.reads_left(subscription or tenant))
        scope = "subscription" if subscription else "tenant"
        answer.headers[f"x-ms-ratelimit-remaining-{scope}-reads"] = left
        return answer


async def obey(fault: Fault | None) -> None:
    """Be late, or refuse, as the fault says."""
    if fault is None:
        return
    if fault.kind is FaultKind.SLOW:
        await asyncio.sleep(fault.seconds)
    error = refusal(fault)
    if error is not None:
        raise error


def asked(request: Request) -> Query:
    """The paging of a request; refuses what is not understood, and what is not simulated."""
    asked_for = request.query_params
    if "$filter" in asked_for:
        raise Refused(400, "InvalidFilterInQueryString", "$filter is not simulated.")
    expand = frozenset(asked_for.get("$expand", "").split(",")) - {""}
    if expand - EXPANSIONS:
        raise Refused(400, "InvalidExpandInQueryString", "$expand names what cannot be expanded.")
    number, after = begun(asked_for.get("$skiptoken", ""))
    return Query(top=count(asked_for.get("$top", "")), after=after, page=number, expand=expand)


def count(top: str) -> int:
    """Items a page, from ``$top``."""
    if top and not (top.isdecimal() and int(top) > 0):
        raise Refused(400, "InvalidTopInQueryString", "$top must be a positive integer.")
    return min(int(top or MOST), MOST)


def begun(skiptoken: str) -> tuple[int, str]:
    """Page number and the key before it."""
    if not skiptoken:
        return 1, ""
    try:
        return msgspec.json.decode(urlsafe_b64decode(skiptoken), type=tuple[int, str])
    except ValueError as error:
        words = "The $skiptoken is not one that this service has given."
        raise Refused(400, "InvalidSkipToken", words) from error


def next_link(request: Request, number: int, after: str) -> str:
    """The address of the next page: this one, with a token."""
    token = urlsafe_b64encode(msgspec.json.encode((number, after))).decode()
    kept = [(name, value) for name, value in request.query_params.items() if name != "$skiptoken"]
    query = "&".join(f"{name}={quote(value)}" for name, value in [*kept, ("$skiptoken", token)])
    base = f"{request.url.scheme}://{request.url.netloc}{request.url.path}"
    return f"{base}?{query}"
