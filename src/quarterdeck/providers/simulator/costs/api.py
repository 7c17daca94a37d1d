"""Cost Management's query and Consumption's budgets, simulated."""

from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from math import ceil

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from quarterdeck.providers.simulator.answers import Form, Refused
from quarterdeck.providers.simulator.costs import query as queries
from quarterdeck.providers.simulator.costs.books import Asked, Books
from quarterdeck.providers.simulator.costs.budgets import Budgets
from quarterdeck.providers.simulator.costs.rows import Table, months, table
from quarterdeck.providers.simulator.estate import guid
from quarterdeck.providers.simulator.faults import throttled
from quarterdeck.providers.simulator.gate import Gate
from quarterdeck.providers.simulator.listing import Desk, begun, count, slices
from quarterdeck.providers.simulator.quotas import Spent
from quarterdeck.providers.simulator.tokens import Grant
from quarterdeck.providers.simulator.world import World

QUERY = "Microsoft.CostManagement/query/read"
BUDGETS = "Microsoft.Consumption/budgets/read"
PAGE = 1_000
REMEMBERED = 8
"""Answers that are kept so that their next pages need not be summed again."""


class Costs:
    """What subscriptions cost, and what they were meant to."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._gate = Gate(world)
        self.books = Books(world)
        self.amounts = Budgets(world, self.books)
        self._answers: dict[tuple[object, ...], Table] = {}

    def routes(self) -> list[Route]:
        """Its addresses, at the scope of a subscription or of one of its groups."""
        one = "/subscriptions/{subscription}"
        group = f"{one}/resourceGroups/{{group}}"
        query = "providers/Microsoft.CostManagement/query"
        return [
            Route(f"{one}/{query}", self.query, methods=["POST"]),
            Route(f"{group}/{query}", self.query, methods=["POST"]),
            Route(f"{one}/providers/Microsoft.Consumption/budgets", self.budgets),
        ]

    async def query(self, request: Request) -> Response:
        """Sums of charges; the next page is asked for by POST with the same body."""
        grant = self._gate.arm(request, QUERY)
        body = await request.body()
        asked = queries.read(body)
        first, last = queries.period(asked, self._world.now().date())
        spent = self._spend(grant, months(first, last))
        found = self._table(request, body, asked, (first, last))
        tenant = self._gate.home(grant, request.path_params["subscription"])
        desk = Desk(self._world, "costs", form(found, request))
        top = count(request.query_params.get("$top", ""), PAGE)
        answer = await desk.serve(request, tenant, slices(found.rows, top))
        answer.headers.update(told(spent, months(first, last)))
        return answer

    async def budgets(self, request: Request) -> Response:
        """The budgets of a subscription, with what is spent of each so far."""
        grant = self._gate.arm(request, BUDGETS)
        subscription = request.path_params["subscription"]
        items = [msgspec.json.encode(one) for one in self.amounts.listed(subscription)]
        desk = Desk(self._world, "budgets")
        tenant = self._gate.home(grant, subscription)
        return await desk.serve(request, tenant, slices(items, PAGE))

    def _spend(self, grant: Grant, units: int) -> Spent:
        spent = self._world.cost_quota.take(grant.tenant, units, binding=self._world.binding)
        if spent.wait_s:
            words = "Too many requests. Please retry after some time."
            headers = throttled("costs", ceil(spent.wait_s))
            raise Refused(429, "429", words, {**headers, **told(spent, units)})
        return spent

    def _table(
        self, request: Request, body: bytes, asked: queries.Query, span: tuple[date, date]
    ) -> Table:
        """The whole answer; one whose next page is asked for is not made again."""
        subscription = request.path_params["subscription"]
        group = request.path_params.get("group", "").lower()
        key = (subscription, group, sha256(body).digest())
        later = begun(request.query_params.get("$skiptoken", "")).page > 1
        if later and key in self._answers:
            return self._answers[key]
        keep = queries.keeping(asked.dataset.filter)
        lines = self.books.lines(
            subscription,
            Asked(
                first=span[0],
                last=span[1],
                basis=asked.basis,
                name=queries.naming(asked.dataset.grouping),
                keep=lambda one: group in ("", one.facts["ResourceGroupName"]) and keep(one),
            ),
        )
        self._answers = dict([*self._answers.items()][1 - REMEMBERED :])
        self._answers[key] = table(asked, lines)
        return self._answers[key]


def form(found: Table, request: Request) -> Form:
    """How rows are wrapped: everything stands under ``properties``."""
    subscription = request.path_params["subscription"]
    name = guid(subscription, request.url.path, "query")

    def wrap(rows: list[bytes], link: str) -> bytes:
        head = {
            "id": f"subscriptions/{subscription}/providers/Microsoft.CostManagement/query/{name}",
            "name": name,
            "type": "Microsoft.CostManagement/query",
            "location": None,
            "sku": None,
            "eTag": None,
        }
        inside = {
            "nextLink": link or None,
            "columns": found.columns,
            "rows": msgspec.Raw(b"[" + b",".join(rows) + b"]"),
        }
        return msgspec.json.encode(head | {"properties": inside})

    return Form(wrap=wrap, items="properties")


def told(spent: Spent, units: int) -> Mapping[str, str]:
    """What an answer says of the quota."""
    family = "x-ms-ratelimit-microsoft.costmanagement-qpu"
    by_10_s, by_minute, by_hour = spent.left
    left = f"QueriesPerHour:{by_hour},QueriesPerMin:{by_minute},QueriesPer10Sec:{by_10_s}"
    return {f"{family}-consumed": str(units), f"{family}-remaining": left}
