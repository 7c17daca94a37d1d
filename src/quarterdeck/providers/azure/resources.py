"""The resources of a subscription: by Resource Graph, or by Azure Resource Manager."""

from collections.abc import Iterator, Sequence

from quarterdeck.governance.cloud.ports import CloudFailure, Denied, FailureClass, Page
from quarterdeck.providers.azure import arm
from quarterdeck.providers.azure.client import Client
from quarterdeck.providers.azure.listing import understand
from quarterdeck.providers.azure.paging import follow
from quarterdeck.providers.azure.resource_graph import Harvest, harvest


class Resources:
    """Reads subscriptions one after another, of one cloud, in one thread.

    Resource Graph leaves out what may not be read without a word, so a subscription for which
    it has nothing is asked for again where a refusal is one. Where Resource Graph itself is
    refused, everything is read from Azure Resource Manager.
    """

    def __init__(self, client: Client, endpoint: str, *, graph: bool) -> None:
        self._client = client
        self._endpoint = endpoint
        self._graph = graph
        self._expected: list[str] = []
        self._harvest: Harvest | None = None

    def expect(self, subscriptions: Sequence[str]) -> None:
        """These will be asked for; those that are known beforehand are read together."""
        self._expected = sorted(one.casefold() for one in subscriptions)
        self._harvest = None

    def of(self, subscription: str) -> Iterator[Page]:
        """Every resource of a subscription, page by page."""
        if not self._graph:
            return self._listed(subscription)
        return self._found(subscription)

    def _found(self, subscription: str) -> Iterator[Page]:
        pages = self._reaping(subscription.casefold()).of(subscription.casefold())
        empty = True
        try:
            for page in pages:
                empty = False
                yield page
        except CloudFailure as failure:
            self._harvest = None  # what it had still to read is lost with it
            if not (empty and refused(failure)):
                raise
            self._graph = False
        if empty:
            yield from self._listed(subscription)

    def _reaping(self, subscription: str) -> Harvest:
        """The query that will come to ``subscription``; a new one where it is past it."""
        if self._harvest is None or self._harvest.last >= subscription:
            later = [one for one in self._expected if one > subscription]
            self._harvest = harvest(self._client, self._endpoint, [subscription, *later])
        return self._harvest

    def _listed(self, subscription: str) -> Iterator[Page]:
        return follow(
            self._client, arm.listing(self._endpoint, "resources", subscription), understand
        )


def refused(failure: CloudFailure) -> bool:
    """Whether Resource Graph is not to be had, as in a cloud without it or by a role."""
    return isinstance(failure, Denied) or failure.kind is FailureClass.DATA
