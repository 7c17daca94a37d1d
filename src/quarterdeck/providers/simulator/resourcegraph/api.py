"""Resource Graph's one endpoint: a query over many subscriptions, page by page.

Source: https://learn.microsoft.com/rest/api/azureresourcegraph/resourcegraph/resources/resources.
"""

from collections.abc import Iterator
from hashlib import sha256
from uuid import uuid4

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from quarterdeck.providers.simulator.answers import Form, Refused
from quarterdeck.providers.simulator.estate import Json, SimulatedSubscription
from quarterdeck.providers.simulator.faults import quota_headers, throttled
from quarterdeck.providers.simulator.gate import Gate
from quarterdeck.providers.simulator.listing import Desk, begun, skip_token, slices
from quarterdeck.providers.simulator.quotas import Spent
from quarterdeck.providers.simulator.resourcegraph.conditions import properties, used_by
from quarterdeck.providers.simulator.resourcegraph.kql import Unparsable
from quarterdeck.providers.simulator.resourcegraph.plan import plan
from quarterdeck.providers.simulator.tokens import Grant
from quarterdeck.providers.simulator.world import World

ACTION = "Microsoft.ResourceGraph/resources/read"
READ = "Microsoft.Resources/subscriptions/resources/read"
MOST = 1_000
DEFAULT = 100
REMEMBERED = 8
"""Answers that are kept so that their next pages need not be made again."""


class Options(msgspec.Struct, frozen=True):
    """How rows are sent."""

    top: int | None = msgspec.field(name="$top", default=None)
    skip: int | None = msgspec.field(name="$skip", default=None)
    token: str | None = msgspec.field(name="$skipToken", default=None)
    result_format: str | None = msgspec.field(name="resultFormat", default=None)


class Body(msgspec.Struct, frozen=True):
    """A request."""

    query: str
    subscriptions: list[str] | None = None
    options: Options | None = None


class ResourceGraph:
    """Answers queries over what a token may read."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._gate = Gate(world)
        self._answers: dict[bytes, list[bytes]] = {}

    def routes(self) -> list[Route]:
        """Its address."""
        path = "/providers/Microsoft.ResourceGraph/resources"
        return [Route(path, self.query, methods=["POST"])]

    async def query(self, request: Request) -> Response:
        """Rows of a query; ``$skipToken`` in the options asks for the next ones."""
        grant = self._gate.arm(request, ACTION)
        spent = self._spend(grant)
        body = understood(await request.body())
        options = body.options or Options()
        place = begun(options.token or "")
        rows = self._rows(grant, body, later=place.page > 1)
        desk = Desk(self._world, "resource_graph", form(len(rows), options))
        top = min(options.top or DEFAULT, MOST)
        cut = slices(rows[options.skip or 0 :], top)
        answer = await desk.page(request, grant.tenant, place, cut, skip_token)
        answer.headers.update(quota_headers(spent.left[0], spent.resets_s))
        return answer

    def _spend(self, grant: Grant) -> Spent:
        spent = self._world.graph_quota.take(grant.client, binding=self._world.binding)
        if spent.wait_s:
            words = (
                "Client application has been throttled and should not attempt to repeat the"
                " request until an amount of time has elapsed."
            )
            raise Refused(429, "RateLimiting", words, throttled("resource_graph", spent.wait_s))
        return spent

    def _rows(self, grant: Grant, body: Body, *, later: bool) -> list[bytes]:
        """All rows of an answer, encoded; one whose next page is asked for is not made again."""
        key = sha256(msgspec.json.encode((grant.client, body.query, body.subscriptions))).digest()
        if later and key in self._answers:
            return self._answers[key]
        try:
            table, steps = plan(body.query)
        except Unparsable as error:
            raise refused(str(error)) from error
        found = [row for one in self._readable(grant, body) for row in self._table(table, one)]
        for step in steps:
            found = step(found)
        self._answers = dict([*self._answers.items()][1 - REMEMBERED :])
        self._answers[key] = [msgspec.json.encode(row) for row in found]
        return self._answers[key]

    def _readable(self, grant: Grant, body: Body) -> Iterator[SimulatedSubscription]:
        """Where a query looks; what may not be read is left out without a word, as it is."""
        asked = {one.lower() for one in body.subscriptions or ()}
        for one in self._world.visible(grant.tenant):
            home = self._world.holders[one.id].id
            if (not asked or one.id in asked) and not self._world.lacks(READ, home, one.id):
                yield one

    def _table(self, table: str, subscription: SimulatedSubscription) -> Iterator[Json]:
        tenant = self._world.holders[subscription.id].id
        if table == "resources":
            for item in self._world.shelves[subscription.id]:
                yield resource_row(msgspec.json.decode(item), tenant)
            return
        yield subscription_row(subscription, tenant)
        for group in self._world.groups[subscription.id]:
            kind = "microsoft.resources/subscriptions/resourcegroups"
            yield resource_row(group, tenant) | {"type": kind, "properties": group["properties"]}


def understood(body: bytes) -> Body:
    """The request in a body."""
    try:
        read = msgspec.json.decode(body, type=Body)
    except msgspec.DecodeError as error:
        raise refused(str(error)) from error
    options = read.options or Options()
    if options.top is not None and not 1 <= options.top <= MOST:
        raise refused(f"$top must be 1 to {MOST}, got {options.top}")
    if (options.result_format or "objectArray") != "objectArray":
        raise refused("resultFormat: only objectArray is simulated")
    return read


def refused(words: str) -> Refused:
    """A query that is not understood."""
    return Refused(400, "BadRequest", f"InvalidQuery: {words}. correlationId = {uuid4()}")


def form(total: int, options: Options) -> Form:
    """How rows are wrapped; the token of the next page stands in the body."""

    def wrap(rows: list[bytes], token: str) -> bytes:
        start = int(begun(options.token or "").after or 0)
        cut = not token and start + len(rows) + (options.skip or 0) < total
        found = {
            "totalRecords": total,
            "count": len(rows),
            "data": msgspec.Raw(b"[" + b",".join(rows) + b"]"),
            "facets": [],
            "resultTruncated": "true" if cut else "false",
        }
        return msgspec.json.encode(found | ({"$skipToken": token} if token else {}))

    return Form(wrap=wrap, items="data", lost="bm90IGEgdG9rZW4=")


def resource_row(resource: Json, tenant: str) -> Json:
    """A resource as the table Resources has it: type and group in lower case."""
    parts = resource["id"].split("/")
    return {
        "id": resource["id"],
        "name": resource["name"].rpartition("/")[2],
        "type": resource["type"].lower(),
        "tenantId": tenant,
        "kind": resource.get("kind", "").lower(),
        "location": resource.get("location", "").lower(),
        "resourceGroup": parts[4].lower() if len(parts) > 4 else "",  # noqa: PLR2004  its place
        "subscriptionId": parts[2],
        "managedBy": used_by(resource),
        "sku": resource.get("sku"),
        "plan": None,
        "properties": properties(resource),
        "tags": resource.get("tags"),
        "identity": resource.get("identity"),
        "zones": None,
        "extendedLocation": None,
    }


def subscription_row(subscription: SimulatedSubscription, tenant: str) -> Json:
    """A subscription as the table ResourceContainers has it."""
    return {
        "id": f"/subscriptions/{subscription.id}",
        "name": subscription.name,
        "type": "microsoft.resources/subscriptions",
        "tenantId": tenant,
        "subscriptionId": subscription.id,
        "resourceGroup": "",
        "properties": {"state": "Enabled", "managedByTenants": []},
        "tags": {},
    }
