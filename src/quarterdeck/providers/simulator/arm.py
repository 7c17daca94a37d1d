"""Azure Resource Manager, simulated: subscriptions, groups and resources, page by page."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from quarterdeck.providers.simulator.answers import JSON, Refused
from quarterdeck.providers.simulator.faults import On
from quarterdeck.providers.simulator.gate import Gate
from quarterdeck.providers.simulator.listing import Cut, Desk, Part, count
from quarterdeck.providers.simulator.shelf import EXPANSIONS, Shelf
from quarterdeck.providers.simulator.world import World, subscription_item

READ = "Microsoft.Resources/subscriptions/read"
READ_GROUPS = "Microsoft.Resources/subscriptions/resourceGroups/read"
READ_RESOURCES = "Microsoft.Resources/subscriptions/resources/read"


class Arm:
    """The endpoints that sync reads, for whoever holds a token."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._gate = Gate(world)

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
        """Those of the token's directory, and those delegated to it."""
        grant = self._gate.arm(request, "")
        # Azure lists what one has a role in: without any, it answers 200 with nothing.
        found = [
            one
            for one in self._world.visible(grant.tenant)
            if not self._world.lacks(READ, self._gate.home(grant, one.id), one.id)
        ]
        shelf = Shelf(subscription_item(self._world, one) for one in found)
        return await self._page(request, "subscriptions", grant.tenant, shelf)

    async def subscription(self, request: Request) -> Response:
        """One of them."""
        self._gate.arm(request, READ)
        found = self._world.subscriptions[request.path_params["subscription"]]
        item = subscription_item(self._world, found)
        return Response(msgspec.json.encode(item), media_type=JSON)

    async def resources(self, request: Request) -> Response:
        """The resources of a subscription."""
        grant = self._gate.arm(request, READ_RESOURCES)
        shelf = self._world.shelves[request.path_params["subscription"]]
        return await self._page(request, "resources", grant.tenant, shelf)

    async def groups(self, request: Request) -> Response:
        """The resource groups of a subscription."""
        grant = self._gate.arm(request, READ_GROUPS)
        groups = self._world.groups[request.path_params["subscription"]]
        return await self._page(request, "groups", grant.tenant, Shelf(groups))

    async def resource(self, request: Request) -> Response:
        """One resource by its id."""
        self._gate.arm(request, READ_RESOURCES)
        found = self._world.shelves[request.path_params["subscription"]].get(request.url.path)
        if found is None:
            raise Refused(
                404, "ResourceNotFound", f"The Resource {request.url.path} was not found."
            )
        return Response(found, media_type=JSON)

    async def _page(self, request: Request, on: On, tenant: str, shelf: Shelf) -> Response:
        subscription = request.path_params.get("subscription", "")
        # Who asks is no matter to a subscription's faults: they are its own directory's.
        owner = self._world.holders[subscription].id if subscription else tenant
        answer = await Desk(self._world, on).serve(request, owner, cut(request, shelf))
        left = str(self._world.reads_left(subscription or tenant))
        scope = "subscription" if subscription else "tenant"
        answer.headers[f"x-ms-ratelimit-remaining-{scope}-reads"] = left
        return answer


def cut(request: Request, shelf: Shelf) -> Cut:
    """Pages as the request asks; refuses what is not understood, and what is not simulated."""
    asked_for = request.query_params
    if "$filter" in asked_for:
        raise Refused(400, "InvalidFilterInQueryString", "$filter is not simulated.")
    expand = frozenset(asked_for.get("$expand", "").split(",")) - {""}
    if expand - EXPANSIONS:
        raise Refused(400, "InvalidExpandInQueryString", "$expand names what cannot be expanded.")
    top = count(asked_for.get("$top", ""))

    def part(after: str) -> Part:
        found = shelf.stretch(after, top, expand)
        return Part(items=found.items, last=found.last)

    return part
