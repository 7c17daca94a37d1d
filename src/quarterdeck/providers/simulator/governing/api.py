"""Policy Insights, Advisor, Defender for Cloud and role assignments, simulated."""

from collections.abc import Iterable, Iterator
from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from quarterdeck.providers.simulator.answers import ARM, Form, Refused, json
from quarterdeck.providers.simulator.estate import Json
from quarterdeck.providers.simulator.faults import On
from quarterdeck.providers.simulator.gate import Gate
from quarterdeck.providers.simulator.governing import (
    advice,
    definitions,
    policies,
    roles,
    scores,
)
from quarterdeck.providers.simulator.governing.filters import UnknownFilter, matching
from quarterdeck.providers.simulator.listing import Desk, count, slices
from quarterdeck.providers.simulator.tokens import Grant
from quarterdeck.providers.simulator.world import World

STATES = "Microsoft.PolicyInsights/policyStates/queryResults/read"
SUMMARIZE = "Microsoft.PolicyInsights/policyStates/summarize/read"
SCORES = "Microsoft.Security/secureScores/read"
CONTROLS = "Microsoft.Security/secureScoreControls/read"
ADVICE = "Microsoft.Advisor/recommendations/read"
ASSIGNMENTS = "Microsoft.Authorization/roleAssignments/read"
DEFINITIONS = "Microsoft.Authorization/roleDefinitions/read"

TYPE_LOWER = definitions.TYPE.lower()

AT_SCOPE = ("atscope()", "atscopeandbelow()")
"""Filters of role assignments; every subscription shows all that hold on it either way."""


class Governing:
    """What Azure says of a subscription's order."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._gate = Gate(world)

    def routes(self) -> list[Route]:
        """Its addresses."""
        one = "/subscriptions/{subscription}/providers"
        states = f"{one}/Microsoft.PolicyInsights/policyStates/latest"
        security = f"{one}/Microsoft.Security"
        return [
            Route(f"{states}/queryResults", self.states, methods=["POST"]),
            Route(f"{states}/summarize", self.summary, methods=["POST"]),
            Route(f"{security}/secureScores", self.scores),
            Route(f"{security}/secureScoreControls", self.controls),
            Route(f"{security}/secureScores/ascScore/secureScoreControls", self.controls),
            Route(f"{one}/Microsoft.Advisor/recommendations", self.advice),
            Route(f"{one}/Microsoft.Authorization/roleAssignments", self.assignments),
            Route(f"{one}/Microsoft.Authorization/roleDefinitions", self.definitions),
            *self._policy_routes(one),
        ]

    def _policy_routes(self, one: str) -> Iterator[Route]:
        # States name what they point to in lower case, and Azure minds none.
        for kind in definitions.KINDS:
            for provider, word in ((definitions.TYPE, kind), (TYPE_LOWER, kind.lower())):
                for scope in (one, "/providers"):
                    listing = f"{scope}/{provider}/{word}"
                    yield Route(listing, partial(self.policies, kind))
                    yield Route(f"{listing}/{{name}}", partial(self.policy, kind))

    async def policies(self, kind: str, request: Request) -> Response:
        """Policies, sets or assignments."""
        grant = self._gate.arm(request, f"{definitions.TYPE}/{kind}/read")
        found = definitions.defined(kind, request.path_params.get("subscription", ""))
        items = [msgspec.json.encode(one) for one in found]
        tenant = self._gate.home(grant, request.path_params.get("subscription", ""))
        desk = Desk(self._world, "policy_definitions", ARM)
        return await desk.serve(request, tenant, slices(items, count(top(request))))

    async def policy(self, kind: str, request: Request) -> Response:
        """One of them, by its name."""
        subscription = request.path_params.get("subscription", "")
        grant = self._gate.arm(request, f"{definitions.TYPE}/{kind}/read")
        desk = Desk(self._world, "policy_definitions", ARM)
        await desk.strike(request, self._gate.home(grant, subscription))
        wanted = request.path_params["name"].lower()
        for one in definitions.defined(kind, subscription):
            if one["name"].lower() == wanted:
                return json(one)
        words = f"The {kind} '{wanted}' could not be found."
        raise Refused(404, f"{kind[0].upper()}{kind[1:-1]}NotFound", words)

    async def states(self, request: Request) -> Response:
        """Policy states; their next page is asked for by POST."""
        grant = self._gate.arm(request, STATES)
        found = policies.states(sub(request), self._resources(request), self._world.now())
        since = request.query_params.get("$from", "")[: len("2026-03-01T00:00:00")]
        found = (one for one in found if one["timestamp"] >= since)
        return await self._page(request, grant, "policy_states", found)

    async def summary(self, request: Request) -> Response:
        """How many resources and policies comply."""
        self._gate.arm(request, SUMMARIZE)
        found = list(policies.states(sub(request), self._resources(request), self._world.now()))
        summary = policies.summary(found, sub(request))
        return json({"@odata.context": None, "@odata.count": 1, "value": [summary]})

    async def scores(self, request: Request) -> Response:
        """The secure score; none where nothing is there to be scored."""
        grant = self._gate.arm(request, SCORES)
        found = self._controls(request)
        items = [scores.score(sub(request), found)] if found else []
        return await self._page(request, grant, "secure_scores", items)

    async def controls(self, request: Request) -> Response:
        """What the score is made of."""
        grant = self._gate.arm(request, CONTROLS)
        return await self._page(request, grant, "secure_scores", self._controls(request))

    async def advice(self, request: Request) -> Response:
        """Recommendations."""
        grant = self._gate.arm(request, ADVICE)
        currency = self._world.subscriptions[sub(request)].currency.rpartition(">")[2]
        found = advice.recommendations(self._resources(request), currency, self._world.now())
        return await self._page(request, grant, "advice", found)

    async def assignments(self, request: Request) -> Response:
        """Who holds which role."""
        grant = self._gate.arm(request, ASSIGNMENTS)
        tenant = self._world.holders[sub(request)]
        found = roles.assignments(tenant, sub(request), self._world.groups[sub(request)])
        return await self._page(request, grant, "role_assignments", found)

    async def definitions(self, request: Request) -> Response:
        """The roles there are."""
        grant = self._gate.arm(request, DEFINITIONS)
        return await self._page(request, grant, "role_definitions", roles.definitions(sub(request)))

    def _controls(self, request: Request) -> list[Json]:
        size = len(self._world.shelves[sub(request)])
        return scores.controls(sub(request), size, self._world.now()) if size else []

    def _resources(self, request: Request) -> list[Json]:
        shelf = self._world.shelves[sub(request)]
        return [msgspec.json.decode(item) for item in shelf]

    async def _page(
        self, request: Request, grant: Grant, on: On, found: Iterable[Json]
    ) -> Response:
        asked = request.query_params.get("$filter", "")
        try:
            test = matching("" if asked.lower() in AT_SCOPE else asked)
        except UnknownFilter as error:
            raise Refused(400, "InvalidFilterInQueryString", str(error)) from error
        items = [msgspec.json.encode(one) for one in found if test(one)]
        desk = Desk(self._world, on, STATES_FORM if on == "policy_states" else ARM)
        tenant = self._gate.home(grant, sub(request))
        answer = await desk.serve(request, tenant, slices(items, count(top(request))))
        left = str(self._world.reads_left(sub(request)))
        answer.headers["x-ms-ratelimit-remaining-subscription-resource-requests"] = left
        return answer


def sub(request: Request) -> str:
    """The subscription of an address."""
    return str(request.path_params["subscription"])


def top(request: Request) -> str:
    """The items a page that are asked for."""
    return request.query_params.get("$top", "")


def states_page(items: list[bytes], link: str) -> bytes:
    """The body of a page of policy states."""
    head: Json = {"@odata.context": None, "@odata.count": len(items)}
    if link:
        head["@odata.nextLink"] = link
    return msgspec.json.encode(head | {"value": msgspec.Raw(b"[" + b",".join(items) + b"]")})


STATES_FORM = Form(wrap=states_page)
