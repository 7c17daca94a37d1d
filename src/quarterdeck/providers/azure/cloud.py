"""Azure as the cloud that sync reads: every listing, by whichever API has it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from quarterdeck.governance.cloud.ports import CostBasis, Denied, Page, Subscription, Tracked
from quarterdeck.providers.azure import arm, cost, delta, graph
from quarterdeck.providers.azure.answers import NotThere, NotUnderstood
from quarterdeck.providers.azure.asks import Api, Ask
from quarterdeck.providers.azure.client import Client
from quarterdeck.providers.azure.listing import Understand, understand, whole
from quarterdeck.providers.azure.paging import follow
from quarterdeck.providers.azure.resources import Resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the APIs answer, without a slash at the end.

    Attributes:
        directory: only its subscriptions are ours; empty: all that the credential sees.
            Azure Lighthouse shows those of every customer at once.
        resource_graph: read resources by it, where it answers.
        delegated: through Azure Lighthouse, which does not reach Microsoft Graph.
    """

    arm: str
    graph: str = ""
    directory: str = ""
    delegated: bool = False
    resource_graph: bool = False


class AzureCloud:
    """A cloud of sync, through one credential; see ``Cloud`` for what is promised."""

    def __init__(self, client: Client, places: Places) -> None:
        self._client = client
        self._places = places
        self._resources = Resources(client, places.arm, graph=places.resource_graph)

    def check(self) -> None:
        """Get a token."""
        self._client.authenticate()

    def subscriptions(self) -> Iterator[Subscription]:
        """Every subscription the credential has a role in, of the connection's directory.

        In the order of their ids: to read their resources in this order is fastest.
        """
        listed = [
            arm.subscription(item, page.request_id)
            for page in self._pages(arm.subscriptions(self._places.arm))
            for item in page.items
        ]
        ours = [one for one, directory in listed if self._places.directory in ("", directory)]
        self._resources.expect([one.id for one in ours])
        yield from sorted(ours, key=lambda one: one.id.casefold())

    def resources(self, subscription: str) -> Iterator[Page]:
        """Every resource of a subscription: by Resource Graph where it answers."""
        return self._resources.of(subscription)

    def costs(
        self, subscription: str, first: date, last: date, basis: CostBasis, by: tuple[str, ...]
    ) -> Iterator[Page]:
        """Daily costs, grouped; an item has a column each of Cost, UsageDate, ``by``, Currency."""
        ask = cost.daily(self._places.arm, subscription, (first, last), basis, by)
        return self._pages(ask, cost.understand)

    def cost_total(self, subscription: str, first: date, last: date, basis: CostBasis) -> Page:
        """The ungrouped total of the same days."""
        ask = cost.total(self._places.arm, subscription, (first, last), basis)
        pages = list(self._pages(ask, cost.understand))
        items = tuple(item for page in pages for item in page.items)
        return Page(items=items, request_id=pages[-1].request_id)

    def budgets(self, subscription: str) -> Iterator[Page]:
        """Budgets of Consumption."""
        return self._listing("budgets", subscription)

    def policy_states(self, subscription: str, since: datetime | None = None) -> Iterator[Page]:
        """Policy Insights' latest states; its pages are asked for by POST."""
        return self._pages(arm.policy_states(self._places.arm, subscription, since))

    def policy_definition(self, cloud_id: str) -> Page:
        """A policy, policy set or assignment; no item where there is none of that id."""
        try:
            return self._client.read(arm.definition(self._places.arm, cloud_id), whole)
        except NotThere as failure:
            return Page(items=(), request_id=failure.request_id)

    def secure_scores(self, subscription: str) -> Iterator[Page]:
        """Defender's secure scores."""
        return self._listing("secure_scores", subscription)

    def advice(self, subscription: str) -> Iterator[Page]:
        """Advisor's recommendations."""
        return self._listing("advice", subscription)

    def role_assignments(self, subscription: str) -> Iterator[Page]:
        """Role assignments at the subscription, above it and within."""
        return self._listing("role_assignments", subscription)

    def users(self) -> Iterator[Page]:
        """Every user; without sign-ins where the licence or the permission for them is missing."""
        return self._either("users", "users_without_sign_ins")

    def groups(self) -> Iterator[Page]:
        """Every group."""
        return self._directory("groups")

    def group_members(self, group: str) -> Iterator[Page]:
        """Every member, through nested groups too."""
        return self._graph(graph.members(self._places.graph, group))

    def directory_roles(self) -> Iterator[Page]:
        """Assignments of directory roles, with principal and role where both may be expanded."""
        return self._either("directory_roles", "directory_roles_with_principals")

    def registrations(self) -> Iterator[Page]:
        """Registration details of authentication methods."""
        return self._directory("registrations")

    def conditional_access(self) -> Iterator[Page]:
        """Conditional access policies."""
        return self._directory("conditional_access")

    def applications(self) -> Iterator[Page]:
        """App registrations."""
        return self._directory("applications")

    def service_principals(self) -> Iterator[Page]:
        """Service principals."""
        return self._directory("service_principals")

    def mark(self, listing: Tracked) -> str:
        """Where Microsoft Graph's changes begin from now on; empty where it is not to be had."""
        try:
            first = self._to_graph(graph.delta(self._places.graph, listing))
            _, following, link = self._client.read(first, delta.understand)
        except (Denied, NotUnderstood):
            return ""
        return "" if following else delta.marked(first, link)

    def changes(self, listing: Tracked, mark: str) -> Iterator[tuple[Page, str]]:
        """What Microsoft Graph tells of a listing since ``mark``."""
        first = self._to_graph(graph.delta(self._places.graph, listing))
        return delta.changes(self._client, first, mark)

    def sign_ins(self, since: datetime) -> Iterator[Page]:
        """Sign-ins of those who came since then."""
        return self._graph(graph.sign_ins(self._places.graph, since))

    def items(self, url: str) -> Iterator[Page]:
        """Every page of any listing of Azure Resource Manager, from its first page's address."""
        return self._pages(Ask(api=Api.RESOURCE_MANAGER, url=url, needs=arm.READER))

    def _listing(self, name: str, subscription: str) -> Iterator[Page]:
        return self._pages(arm.listing(self._places.arm, name, subscription))

    def _directory(self, name: str) -> Iterator[Page]:
        return self._graph(graph.listing(self._places.graph, name))

    def _graph(self, ask: Ask) -> Iterator[Page]:
        return self._pages(self._to_graph(ask))

    def _to_graph(self, ask: Ask) -> Ask:
        if self._places.delegated:
            raise Denied(
                "Azure Lighthouse does not reach Microsoft Graph: nothing was asked",
                missing="an application with consent in the directory itself",
            )
        return ask

    def _either(self, best: str, second: str) -> Iterator[Page]:
        """The one, or the other where the first page of the one is refused for good."""
        pages = self._directory(best)
        try:
            first = next(pages, None)
        except (Denied, NotUnderstood):
            yield from self._directory(second)
            return
        if first is not None:
            yield first
            yield from pages

    def _pages(self, ask: Ask, read: Understand = understand) -> Iterator[Page]:
        return follow(self._client, ask, read)
