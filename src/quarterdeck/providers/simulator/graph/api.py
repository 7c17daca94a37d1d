"""Microsoft Graph's endpoints, as far as the sync reads them.

In the true cloud they stand on a host of their own; here they begin with /v1.0.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from quarterdeck.providers.simulator import applications, directory
from quarterdeck.providers.simulator.answers import Refused, answered, json
from quarterdeck.providers.simulator.deltas import (
    MEMBERS,
    Picture,
    Session,
    difference,
)
from quarterdeck.providers.simulator.deltas import chosen as picked
from quarterdeck.providers.simulator.directory import ROLES
from quarterdeck.providers.simulator.estate import Json, SimulatedTenant
from quarterdeck.providers.simulator.faults import On
from quarterdeck.providers.simulator.gate import Gate
from quarterdeck.providers.simulator.governing.filters import UnknownFilter, matching
from quarterdeck.providers.simulator.graph import access, objects
from quarterdeck.providers.simulator.graph.membership import Membership, listed
from quarterdeck.providers.simulator.graph.odata import (
    chosen,
    delta_fields,
    delta_form,
    expanded,
    form,
    link,
    page_size,
)
from quarterdeck.providers.simulator.listing import Desk, Place, begun, skip_token, slices
from quarterdeck.providers.simulator.tokens import Grant
from quarterdeck.providers.simulator.world import World

NO_PERMISSION = "Authentication_MSGraphPermissionMissing"
DENIED = "Authorization_RequestDenied"
TRACKED = ("users", "groups", "applications", "servicePrincipals")
"""Collections whose changes are told."""

ACTIVITY_PAGE = 120
"""Users of a page at most, where their sign-ins are asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """A listing of Graph.

    Attributes:
        permission: that an application needs for it, and ``refusal`` the code without.
        usual: the fields that are shown where none are chosen; empty for all.
        links: fields that are shown only when they are expanded.
    """

    path: str
    on: On
    permission: str
    items: Callable[[SimulatedTenant], Iterable[Json]]
    refusal: str = DENIED
    premium: bool = False
    usual: Sequence[str] = ()
    links: Sequence[str] = ()
    most: int = 999
    page: int = 100


class Graph:
    """The directory of whoever holds a token for it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._gate = Gate(world)

    def routes(self) -> list[Route]:
        """Its addresses."""
        defaults = "/v1.0/policies/identitySecurityDefaultsEnforcementPolicy"
        return [
            *(Route(f"/v1.0/{one.path}", self._listing(one)) for one in self._collections()),
            *(Route(f"/v1.0/{one.path}/delta", self._delta(one)) for one in self._tracked()),
            Route("/v1.0/groups/{id}/members", self.members),
            Route("/v1.0/groups/{id}/transitiveMembers", self.transitive_members),
            Route(defaults, self.security_defaults),
        ]

    def _collections(self) -> list[Collection]:
        born = self._world.born
        return [
            Collection(path="users", on="users", permission="User.Read.All",
                       items=self._users, usual=USUAL),
            Collection(path="groups", on="directory_groups", permission="Group.Read.All",
                       items=directory.groups),
            Collection(path="roleManagement/directory/roleAssignments", on="directory_roles",
                       permission="RoleManagement.Read.Directory",
                       items=lambda tenant: objects.role_assignments(tenant, born),
                       links=("principal", "roleDefinition")),
            Collection(path="roleManagement/directory/roleDefinitions", on="directory_roles",
                       permission="RoleManagement.Read.Directory",
                       items=lambda _tenant: map(objects.role_definition, ROLES)),
            Collection(path="identity/conditionalAccess/policies", on="conditional_access",
                       permission="Policy.Read.All", refusal="AccessDenied", premium=True,
                       items=lambda tenant: access.conditional_access(
                           tenant, directory.person(tenant, 0))),
            Collection(path="reports/authenticationMethods/userRegistrationDetails",
                       on="registrations", permission="AuditLog.Read.All",
                       refusal=NO_PERMISSION, premium=True, items=self._registrations),
            Collection(path="applications", on="applications", permission="Application.Read.All",
                       items=lambda tenant: applications.applications(tenant, born)),
            Collection(path="servicePrincipals", on="service_principals",
                       permission="Application.Read.All",
                       items=lambda tenant: applications.service_principals(tenant, born)),
            Collection(path="organization", on="organization", permission="Organization.Read.All",
                       items=lambda tenant: [objects.organization(tenant)]),
            Collection(path="subscribedSkus", on="organization",
                       permission="Organization.Read.All", items=self._skus),
        ]  # fmt: skip

    def _tracked(self) -> list[Collection]:
        return [one for one in self._collections() if one.path in TRACKED]

    def _delta(self, one: Collection) -> Callable[[Request], object]:
        async def answer(request: Request) -> Response:
            grant = self._gate.graph(request, one.permission, one.refusal)
            desk = Desk(self._world, one.on)
            place = begun(request.query_params.get("$skiptoken", ""))
            fault = await desk.strike(request, grant.tenant, place.page)
            if place.after:
                name, _, start = place.after.partition(" ")
            else:
                name, start = self._opened(request, grant, one), "0"
            session = self._world.deltas.session(name, grant.tenant)
            end = int(start) + one.page
            later = Place(page=place.page + 1, after=f"{name} {end}")
            last = end >= len(session.items)
            token = {"$deltatoken": session.token} if last else {"$skiptoken": skip_token(later)}
            wrapped = delta_form(request, one.path, last=last)
            here, there = link(request, {}), link(request, token)
            return answered(wrapped, [*session.items[int(start) : end]], there, fault, here)

        return answer

    def _opened(self, request: Request, grant: Grant, one: Collection) -> str:
        """Begin a list of changes: of all, of none (``latest``), or since a token."""
        world, token = self._world, request.query_params.get("$deltatoken", "")
        asked = delta_fields(request)
        if token in ("", "latest"):
            fields = tuple(asked or one.usual or ("displayName",))
            before = Picture(
                tenant=grant.tenant, path=one.path, fields=fields, at=world.now(), objects={}
            )
        else:
            before = world.deltas.picture(token, grant.tenant, one.path, world.now())
        now = self._picture(one, grant.tenant, before.fields)
        items = [] if token == "latest" else difference(before, now)  # noqa: S105  no password
        session = Session(tenant=grant.tenant, items=items, token=world.deltas.keep(now))
        return world.deltas.open(session)

    def _picture(self, one: Collection, tenant: str, fields: Sequence[str]) -> Picture:
        world = self._world
        found = self._overlaid(tenant, one.path, one.items(world.tenants[tenant]))
        inside = Membership(world.tenants[tenant], world.changed)
        groups = inside.groups() if MEMBERS in fields and one.path == "groups" else set()
        return Picture(
            tenant=tenant,
            path=one.path,
            fields=tuple(fields),
            at=world.now(),
            objects={str(item["id"]): picked(item, fields) for item in found},
            members={
                group: {id_: one["@odata.type"] for id_, one in inside.direct(group).items()}
                for group in groups
            },
        )

    def hush(self, tenant: str) -> None:
        """Tell no delta query what changed in a directory until now."""
        wide = {one.path: self._wide(one, tenant) for one in self._tracked()}
        self._world.deltas.hush({(tenant, path): found for path, found in wide.items()})

    def _wide(self, one: Collection, tenant: str) -> Picture:
        items = list(one.items(self._world.tenants[tenant]))
        names = {name for item in items for name in item} | {MEMBERS}
        return self._picture(one, tenant, sorted(names))

    def _listing(self, one: Collection) -> Callable[[Request], object]:
        async def answer(request: Request) -> Response:
            grant = self._gate.graph(request, one.permission, one.refusal)
            activity = "signInActivity" in chosen(request)
            if one.premium or activity:
                self._gate.premium(grant)
            if activity:
                self._gate.permitted(grant, "AuditLog.Read.All", NO_PERMISSION)
            tenant = grant.tenant
            found = self._overlaid(tenant, one.path, one.items(self._world.tenants[tenant]))
            return await self._page(request, grant, one, found)

        return answer

    async def members(self, request: Request) -> Response:
        """Those who are in a group themselves."""
        return await self._members(request, deep=False)

    async def transitive_members(self, request: Request) -> Response:
        """Those who are in a group, or in one that is in it."""
        return await self._members(request, deep=True)

    async def security_defaults(self, request: Request) -> Response:
        """Whether Entra ID itself demands MFA."""
        grant = self._gate.graph(request, "Policy.Read.All", "AccessDenied")
        return json(access.security_defaults(self._world.tenants[grant.tenant]))

    async def _members(self, request: Request, *, deep: bool) -> Response:
        grant = self._gate.graph(request, "GroupMember.Read.All")
        inside = Membership(self._world.tenants[grant.tenant], self._world.changed)
        id_ = request.path_params["id"]
        if id_ not in inside.groups():
            words = f"Resource '{id_}' does not exist or one of its queried reference-property"
            raise Refused(404, "Request_ResourceNotFound", f"{words} objects are not present.")
        one = Collection(
            path="directoryObjects", on="group_members", permission="", items=lambda _tenant: ()
        )
        found = (inside.deep(id_) if deep else inside.direct(id_)).values()
        return await self._page(request, grant, one, listed(found))

    async def _page(
        self, request: Request, grant: Grant, one: Collection, found: Iterable[Json]
    ) -> Response:
        try:
            test = matching(request.query_params.get("$filter", ""))
        except UnknownFilter as error:
            raise Refused(400, "BadRequest", str(error)) from error
        fields, links = chosen(request) or one.usual, expanded(request, one.links)
        hidden = set(one.links) - links
        items = [msgspec.json.encode(shown(item, fields, hidden)) for item in found if test(item)]
        most = ACTIVITY_PAGE if "signInActivity" in fields else one.most
        top = page_size(request, one.most, one.page)
        desk = Desk(self._world, one.on, form(request, one.path, len(items)), "$skiptoken")
        return await desk.serve(request, grant.tenant, slices(items, min(top, most)))

    def _overlaid(self, tenant: str, path: str, found: Iterable[Json]) -> list[Json]:
        """The objects with what was changed by hand; those set to nothing are gone."""
        changes = self._world.changed.get((tenant, path), {})
        items = {str(item["id"]): item for item in found}
        for id_, fields in changes.items():
            if fields is None:
                items.pop(id_, None)
            else:
                items[id_] = items.get(id_, {}) | fields
        return [*items.values()]

    def _users(self, tenant: SimulatedTenant) -> Iterable[Json]:
        born, now = self._world.born, self._world.now()
        return (objects.user(one, born, now) for one in directory.people(tenant))

    def _registrations(self, tenant: SimulatedTenant) -> Iterable[Json]:
        now = self._world.now()
        return (access.registration(one, now) for one in directory.people(tenant) if one.enabled)

    def _skus(self, tenant: SimulatedTenant) -> Iterable[Json]:
        return objects.skus(tenant) if self._gate.licensed(tenant.id) else []


def shown(item: Json, fields: Sequence[str], hidden: set[str]) -> Json:
    """An object with the fields that were chosen; its id and its type are always among them."""
    kept = {*fields, "id", "@odata.type"} if fields else item.keys() - hidden
    return {name: value for name, value in item.items() if name in kept and name not in hidden}


USUAL = (
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
)
"""What Graph shows of a user where nothing is chosen."""
