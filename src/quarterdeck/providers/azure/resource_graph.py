"""Resources by Resource Graph: one query over many subscriptions, read one after another.

Azure Resource Manager lists a subscription a request; here a page of 1,000 resources may
hold those of hundreds of subscriptions, and each resource comes with its properties. The
quota is small (15 requests in 5 seconds), so one query for all is what makes it fast.
https://learn.microsoft.com/rest/api/azureresourcegraph/resourcegraph/resources/resources.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import msgspec

from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass, Page
from quarterdeck.providers.azure.arm import READER
from quarterdeck.providers.azure.asks import Api, Ask
from quarterdeck.providers.azure.client import Client
from quarterdeck.providers.azure.listing import decoded, unreadable
from quarterdeck.providers.azure.paging import refuse_again, refuse_round
from quarterdeck.providers.azure.transport import Answer

PATH = "/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01"
QUERY = "Resources | order by subscriptionId asc, id asc"
"""Without an order, pages of one query do not fit together."""

PAGE = 1_000
MOST_SUBSCRIPTIONS = 1_000
"""Of one query, as of one page; both are Resource Graph's own limits."""


class Owned(msgspec.Struct, frozen=True, rename="camel"):
    """What says whose a resource is."""

    subscription_id: str


class Found(msgspec.Struct, frozen=True):
    """The body of an answer; items stay as they were sent."""

    data: list[msgspec.Raw]
    skip_token: str | None = msgspec.field(default=None, name="$skipToken")
    truncated: str = msgspec.field(default="false", name="resultTruncated")


FOUND = msgspec.json.Decoder(Found)
OWNED = msgspec.json.Decoder(Owned)


@dataclass(slots=True)
class Harvest:
    """One query, handed out a subscription at a time, in the order of their ids.

    Attributes:
        waiting: what was read already and not handed out: owner, items, id of the exchange.
    """

    pages: Iterator[Page]
    waiting: deque[tuple[str, Page]] = field(default_factory=deque)
    last: str = ""

    def of(self, subscription: str) -> Iterator[Page]:
        """The pages of a subscription; none where it has none. Each may be asked for once.

        Those of subscriptions before it, which nobody asked for, are dropped.
        """
        self.last = subscription
        while self._fill() and self.waiting[0][0] <= subscription:
            owner, page = self.waiting.popleft()
            if owner == subscription:
                yield page

    def _fill(self) -> bool:
        while not self.waiting:
            page = next(self.pages, None)
            if page is None:
                return False
            self.waiting.extend(by_owner(page))
        return True


def harvest(client: Client, endpoint: str, subscriptions: Sequence[str]) -> Harvest:
    """All resources of some subscriptions; nothing is asked before the first page is."""
    ids = sorted(one.casefold() for one in subscriptions)
    chunks = (ids[n : n + MOST_SUBSCRIPTIONS] for n in range(0, len(ids), MOST_SUBSCRIPTIONS))
    return Harvest(page for chunk in chunks for page in query(client, endpoint, chunk))


def query(client: Client, endpoint: str, subscriptions: Sequence[str]) -> Iterator[Page]:
    """Every page of one query; a token that came before is refused, with pages or without: DATA."""
    read: set[bytes] = set()
    tokens: set[str] = set()
    token = ""
    while token or not tokens:
        refuse_round(token, endpoint + PATH, tokens)
        page, token = client.read(asked(endpoint, subscriptions, token), understand)
        refuse_again(page, endpoint + PATH, read)
        yield page


def asked(endpoint: str, subscriptions: Sequence[str], token: str) -> Ask:
    """The request for the page behind ``token``; for the first one if it is empty."""
    options = {"$top": PAGE, "resultFormat": "objectArray"}
    options |= {"$skipToken": token} if token else {}
    body = {"subscriptions": subscriptions, "query": QUERY, "options": options}
    return Ask(
        api=Api.RESOURCE_GRAPH,
        url=endpoint + PATH,
        needs=READER,
        method="POST",
        body=msgspec.json.encode(body),
    )


def understand(answer: Answer) -> tuple[Page, str]:
    """The page in an answer, and the token of the next.

    A result that was cut short and names no next page would hide resources: DATA.
    """
    found = decoded(answer, FOUND)
    if found.truncated == "true" and not found.skip_token:
        raise unreadable(answer, "the result is cut short, and no page follows", passing=False)
    items = tuple(bytes(item) for item in found.data)
    return Page(items=items, request_id=answer.request_id), found.skip_token or ""


def by_owner(page: Page) -> Iterator[tuple[str, Page]]:
    """A page in parts, one a subscription."""
    for owner, items in groupby(page.items, lambda item: owner_of(item, page)):
        yield owner, Page(items=tuple(items), request_id=page.request_id)


def owner_of(item: bytes, page: Page) -> str:
    """The subscription that a resource is of; raises CloudFailure(DATA) where it names none."""
    try:
        return OWNED.decode(item).subscription_id.casefold()
    except msgspec.DecodeError as error:
        raise CloudFailure(
            FailureClass.DATA,
            f"a resource of Resource Graph names no subscription: {error}",
            request_id=page.request_id,
            page=item,
        ) from error
