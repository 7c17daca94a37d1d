"""Azure Resource Manager as the cloud that sync reads."""

from collections.abc import Iterator
from urllib.parse import quote

import msgspec

from quarterdeck.governance.sync.ports import (
    CloudFailure,
    FailureClass,
    Page,
    Subscription,
)
from quarterdeck.providers.azure.client import Client
from quarterdeck.providers.azure.listing import same_place, understand
from quarterdeck.providers.azure.transport import where

SUBSCRIPTIONS = "/subscriptions?api-version=2022-12-01"
RESOURCES = (
    "/subscriptions/{}/resources?api-version=2021-04-01"
    "&$expand=createdTime,changedTime,provisioningState"
)
MAX_PAGES = 100_000
"""Of one listing. At 1,000 items a page no subscription comes near."""


class SubscriptionItem(msgspec.Struct, frozen=True, rename="camel"):
    """A subscription in its listing; https://learn.microsoft.com/rest/api/resources/subscriptions."""

    subscription_id: str
    display_name: str = ""
    state: str = ""


class AzureCloud:
    """A cloud of sync, through one credential; see ``Cloud`` for what is promised."""

    def __init__(self, client: Client, endpoint: str) -> None:
        self._client = client
        self._endpoint = endpoint.rstrip("/")

    def check(self) -> None:
        """Get a token."""
        self._client.authenticate()

    def subscriptions(self) -> Iterator[Subscription]:
        """Every subscription the application has a role in."""
        for page in self.items(self._endpoint + SUBSCRIPTIONS):
            for item in page.items:
                yield subscription(item, page.request_id)

    def resources(self, subscription: str) -> Iterator[Page]:
        """Every resource of a subscription, with the times when it was made and changed."""
        return self.items(self._endpoint + RESOURCES.format(quote(subscription, safe="")))

    def items(self, url: str) -> Iterator[Page]:
        """Every page of any listing of Azure Resource Manager, from its first page's address.

        A next page on another host, or one that was read already, is refused: DATA.
        """
        seen: set[str] = set()
        while url:
            self._admit(url, seen)
            page, following = self._client.read(url, understand)
            yield page
            url = following

    def _admit(self, url: str, seen: set[str]) -> None:
        if not same_place(url, self._endpoint):
            raise astray(url, f"the next page is not at {self._endpoint}")
        if url in seen or len(seen) >= MAX_PAGES:
            raise astray(url, f"paging goes round in a circle after {len(seen)} pages")
        seen.add(url)


def astray(url: str, why: str) -> CloudFailure:
    """Paging that cannot be followed."""
    return CloudFailure(FailureClass.DATA, f"{where(url)}: {why}")


def subscription(item: bytes, request_id: str) -> Subscription:
    """A subscription from its item; raises CloudFailure(DATA) if it is not one."""
    try:
        read = msgspec.json.decode(item, type=SubscriptionItem)
    except msgspec.DecodeError as error:
        message = f"an item of the list of subscriptions cannot be read: {error}"
        raise CloudFailure(FailureClass.DATA, message, request_id=request_id, page=item) from error
    return Subscription(id=read.subscription_id, name=read.display_name, state=read.state)
