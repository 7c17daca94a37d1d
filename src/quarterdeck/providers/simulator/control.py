"""The levers of a simulated cloud: faults, changes of the estate, revoked tokens.

For tests and rehearsals; a real cloud has nothing like it. Needs no token: the simulator
listens on loopback alone.
"""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from quarterdeck.providers.simulator.answers import JSON, Refused, json
from quarterdeck.providers.simulator.estate import Json
from quarterdeck.providers.simulator.faults import Fault
from quarterdeck.providers.simulator.shelf import Shelf
from quarterdeck.providers.simulator.world import World


class Control:
    """Changes a world from outside."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        """Its addresses."""
        return [
            Route("/_simulator/estate", self.estate),
            Route("/_simulator/faults", self.faults),
            Route("/_simulator/faults", self.add_fault, methods=["POST"]),
            Route("/_simulator/faults", self.clear_faults, methods=["DELETE"]),
            Route("/_simulator/tokens", self.revoke, methods=["DELETE"]),
            Route("/_simulator/resources", self.put, methods=["PUT"]),
            Route("/_simulator/resources", self.change, methods=["PATCH"]),
            Route("/_simulator/resources", self.delete, methods=["DELETE"]),
        ]

    async def estate(self, _request: Request) -> Response:
        """Directories and how much each subscription holds now."""
        return json(
            [
                {
                    "tenant_id": tenant.id,
                    "name": tenant.name,
                    "subscriptions": [
                        {
                            "id": one.id,
                            "name": one.name,
                            "resources": len(self._world.shelves[one.id]),
                            "groups": len(self._world.groups[one.id]),
                        }
                        for one in tenant.subscriptions
                    ],
                }
                for tenant in self._world.tenants.values()
            ]
        )

    async def faults(self, _request: Request) -> Response:
        """The faults that are set, with the times that are left."""
        return json(list(self._world.faults))

    async def add_fault(self, request: Request) -> Response:
        """Set a fault."""
        try:
            fault = msgspec.json.decode(await request.body(), type=Fault)
        except msgspec.DecodeError as error:
            raise Refused(400, "InvalidFault", str(error)) from error
        self._world.faults.add(fault)
        return json(fault, status=201)

    async def clear_faults(self, _request: Request) -> Response:
        """Nothing goes wrong any more."""
        self._world.faults.clear()
        return Response(status_code=204)

    async def revoke(self, _request: Request) -> Response:
        """No token issued so far is good any more."""
        self._world.tokens.revoke_all()
        return Response(status_code=204)

    async def put(self, request: Request) -> Response:
        """Add the resource in the body, or replace the one with its id."""
        resource = await body(request)
        self._shelf(resource)
        self._world.put(resource)
        return json(resource)

    async def change(self, request: Request) -> Response:
        """Lay the fields in the body over the resource with its id."""
        fields = await body(request)
        shelf = self._shelf(fields)
        found = shelf.get(fields["id"])
        if found is None:
            raise absent(fields["id"])
        changed = msgspec.json.decode(found) | fields
        shelf.put(changed)
        return json(changed)

    async def delete(self, request: Request) -> Response:
        """Delete the resource ``?id=``."""
        wanted = request.query_params.get("id", "")
        self._shelf({"id": wanted})
        if not self._world.delete(wanted):
            raise absent(wanted)
        return Response(status_code=204, media_type=JSON)

    def _shelf(self, resource: Json) -> Shelf:
        shelf = self._world.shelf_of(resource["id"])
        if shelf is None:
            raise Refused(400, "InvalidId", "id must begin with /subscriptions/ and one of ours")
        return shelf


async def body(request: Request) -> Json:
    """A JSON object with an id."""
    try:
        read = msgspec.json.decode(await request.body(), type=dict[str, object])
    except msgspec.DecodeError as error:
        raise Refused(400, "InvalidResource", str(error)) from error
    if not isinstance(read.get("id"), str):
        raise Refused(400, "InvalidResource", "a resource has an id")
    return read


def absent(resource_id: str) -> Refused:
    """No such resource."""
    return Refused(404, "ResourceNotFound", f"The Resource {resource_id} was not found.")
