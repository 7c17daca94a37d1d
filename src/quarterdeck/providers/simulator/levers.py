"""More levers of a simulated cloud: its clock, rights, quotas, corrections and troubles."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Annotated, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from quarterdeck.kernel.clock import rfc3339
from quarterdeck.providers.simulator.answers import Refused, json
from quarterdeck.providers.simulator.churn import pass_days
from quarterdeck.providers.simulator.costs.api import Costs
from quarterdeck.providers.simulator.costs.ledger import Restatement
from quarterdeck.providers.simulator.credentials import Credential
from quarterdeck.providers.simulator.lacks import Lack
from quarterdeck.providers.simulator.world import Incident, World

Read = TypeVar("Read")
AWARE = msgspec.Meta(tz=True)


class Time(msgspec.Struct, forbid_unknown_fields=True):
    """A moment to go to."""

    now: Annotated[datetime, AWARE]


class Step(msgspec.Struct, forbid_unknown_fields=True):
    """How far to go on."""

    seconds: Annotated[float, msgspec.Meta(ge=0, le=400 * 86_400)]


class Correction(msgspec.Struct, forbid_unknown_fields=True):
    """Days whose cost turns out otherwise."""

    subscription: str
    first: date
    last: date
    permille: Annotated[int, msgspec.Meta(ge=0, le=10_000)]


class Limit(msgspec.Struct, forbid_unknown_fields=True):
    """What a subscription may cost in a month, in whole units of what it is billed in."""

    subscription: str
    amount: Annotated[int, msgspec.Meta(ge=1, le=10**12)]


class Delegation(msgspec.Struct, forbid_unknown_fields=True):
    """Subscriptions that a directory shows to another (Azure Lighthouse)."""

    managing: str
    managed: str
    subscriptions: list[str] | None = None


class Trouble(msgspec.Struct, forbid_unknown_fields=True):
    """An entry of the status page."""

    title: str
    description: str = ""


class Change(msgspec.Struct, forbid_unknown_fields=True):
    """An object of a directory that is changed, made, or, with no fields, deleted.

    Attributes:
        silent: no delta query tells it: only who reads everything finds it.
    """

    tenant: str
    collection: str
    id: str
    fields: dict[str, object] | None = None
    silent: bool = False


class Binding(msgspec.Struct, forbid_unknown_fields=True):
    """Whether quotas refuse."""

    binding: bool


class Levers:
    """Changes a world from outside."""

    def __init__(self, world: World, costs: Costs, hush: Callable[[str], None]) -> None:
        self._world = world
        self._costs = costs
        self._hush = hush

    def routes(self) -> list[Route]:
        """Its addresses."""
        base = "/_simulator"
        return [
            Route(f"{base}/clock", self.clock),
            Route(f"{base}/clock", self.set_clock, methods=["PUT"]),
            Route(f"{base}/clock", self.advance, methods=["POST"]),
            Route(f"{base}/lacks", self.lacks),
            Route(f"{base}/lacks", self.add_lack, methods=["POST"]),
            Route(f"{base}/lacks", self.clear_lacks, methods=["DELETE"]),
            Route(f"{base}/quotas", self.quotas, methods=["PUT"]),
            Route(f"{base}/restatements", self.restate, methods=["POST"]),
            Route(f"{base}/budgets", self.limit, methods=["PUT"]),
            Route(f"{base}/budgets", self.clear_limits, methods=["DELETE"]),
            Route(f"{base}/delegations", self.delegate, methods=["POST"]),
            Route(f"{base}/delegations", self.clear_delegations, methods=["DELETE"]),
            Route(f"{base}/credentials", self.add_credential, methods=["POST"]),
            Route(f"{base}/credentials", self.clear_credentials, methods=["DELETE"]),
            Route(f"{base}/incidents", self.add_incident, methods=["POST"]),
            Route(f"{base}/incidents", self.clear_incidents, methods=["DELETE"]),
            Route(f"{base}/directory", self.change, methods=["PUT"]),
            Route(f"{base}/directory", self.unchange, methods=["DELETE"]),
            Route(f"{base}/deltas", self.forget_deltas, methods=["DELETE"]),
        ]

    async def clock(self, _request: Request) -> Response:
        """The time there."""
        return json({"now": rfc3339(self._world.now())})

    async def set_clock(self, request: Request) -> Response:
        """Make it another time; the estate stays as it is."""
        self._world.set_clock((await read(request, Time)).now)
        return await self.clock(request)

    async def advance(self, request: Request) -> Response:
        """Let time pass; each midnight, resources come, go and move."""
        step = timedelta(seconds=(await read(request, Step)).seconds)
        before = self._world.now()
        self._world.set_clock(before + step)
        pass_days(self._world, before.date(), self._world.now().date())
        return await self.clock(request)

    async def lacks(self, _request: Request) -> Response:
        """What has been taken away."""
        return json(list(self._world.lacks))

    async def add_lack(self, request: Request) -> Response:
        """Take a role, a permission or a licence away."""
        lack = await read(request, Lack)
        self._world.lacks.add(lack)
        return json(lack, status=201)

    async def clear_lacks(self, _request: Request) -> Response:
        """Give everything back."""
        self._world.lacks.clear()
        return Response(status_code=204)

    async def quotas(self, request: Request) -> Response:
        """Whether quotas refuse from now on; they begin anew."""
        self._world.bind((await read(request, Binding)).binding)
        return json({"binding": self._world.binding})

    async def restate(self, request: Request) -> Response:
        """Correct the cost of days that are past."""
        asked = await read(request, Correction)
        self._check(asked.subscription)
        found = Restatement(first=asked.first, last=asked.last, permille=asked.permille)
        self._costs.books.restate(asked.subscription, found)
        return json(asked, status=201)

    async def limit(self, request: Request) -> Response:
        """Set the budget of a subscription, whether it had one or not."""
        asked = await read(request, Limit)
        self._check(asked.subscription)
        self._costs.amounts.set(asked.subscription, asked.amount)
        return json(asked)

    async def clear_limits(self, _request: Request) -> Response:
        """Budgets are as they were made."""
        self._costs.amounts.clear()
        return Response(status_code=204)

    async def delegate(self, request: Request) -> Response:
        """Show a directory's subscriptions to another one's token."""
        asked = await read(request, Delegation)
        for one in (asked.managing, asked.managed):
            if one not in self._world.tenants:
                raise unknown(f"directory {one}")
        owned = [one.id for one in self._world.tenants[asked.managed].subscriptions]
        wanted = owned if asked.subscriptions is None else asked.subscriptions
        for one in wanted:
            if one not in owned:
                raise unknown(f"subscription {one} of {asked.managed}")
            self._world.managing.setdefault(one, set()).add(asked.managing)
        return json(asked, status=201)

    async def clear_delegations(self, _request: Request) -> Response:
        """Each directory sees its own again."""
        self._world.managing.clear()
        return Response(status_code=204)

    async def add_credential(self, request: Request) -> Response:
        """Let a directory's application prove itself by a certificate, or another's token."""
        asked = await read(request, Credential)
        if asked.tenant not in self._world.tenants:
            raise unknown(f"directory {asked.tenant}")
        try:
            asked.key()
        except ValueError as error:
            raise Refused(400, "InvalidCredential", f"pem cannot be read: {error}") from error
        self._world.credentials.setdefault(asked.tenant, []).append(asked)
        return json(asked, status=201)

    async def clear_credentials(self, _request: Request) -> Response:
        """Only secrets prove applications."""
        self._world.credentials.clear()
        return Response(status_code=204)

    async def add_incident(self, request: Request) -> Response:
        """Admit trouble on the status page."""
        trouble = await read(request, Trouble)
        now = self._world.now()
        incident = Incident(title=trouble.title, description=trouble.description, since=now)
        self._world.incidents.append(incident)
        return json(incident, status=201)

    async def clear_incidents(self, _request: Request) -> Response:
        """All is well."""
        self._world.incidents.clear()
        return Response(status_code=204)

    async def change(self, request: Request) -> Response:
        """Change, make or delete one object of a directory."""
        asked = await read(request, Change)
        if asked.tenant not in self._world.tenants:
            raise unknown(f"directory {asked.tenant}")
        fields = None if asked.fields is None else {"id": asked.id, **asked.fields}
        self._world.changed.setdefault((asked.tenant, asked.collection), {})[asked.id] = fields
        if asked.silent:
            self._hush(asked.tenant)
        return json(asked)

    async def unchange(self, _request: Request) -> Response:
        """Every directory is as it was made."""
        self._world.changed.clear()
        return Response(status_code=204)

    async def forget_deltas(self, _request: Request) -> Response:
        """No delta token issued so far is good any more."""
        self._world.deltas.forget()
        return Response(status_code=204)

    def _check(self, subscription: str) -> None:
        if subscription not in self._world.subscriptions:
            raise unknown(f"subscription {subscription}")


async def read(request: Request, type_: type[Read]) -> Read:
    """The body of a request; refuses one that is not as it should be."""
    try:
        return msgspec.json.decode(await request.body(), type=type_)
    except msgspec.DecodeError as error:
        raise Refused(400, f"Invalid{type_.__name__}", str(error)) from error


def unknown(what: str) -> Refused:
    """It is not of this cloud."""
    return Refused(404, "NotFound", f"There is no {what} here.")
