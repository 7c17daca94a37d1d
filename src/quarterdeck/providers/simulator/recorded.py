"""A cloud of sync that holds what was recorded from a real one.

Recordings are of many collections, not of the one listing that sync asks for; here each
subscription's resources are all collections and single resources read of it, in the order
of the recording, through the same client.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import msgspec

from quarterdeck.governance.cloud.ports import CostBasis, Page, Subscription, Tracked
from quarterdeck.kernel.clock import utc_now
from quarterdeck.providers.azure.arm import READER
from quarterdeck.providers.azure.asks import Api, Ask
from quarterdeck.providers.azure.cassette import Exchange, read
from quarterdeck.providers.azure.client import Client, manners
from quarterdeck.providers.azure.cloud import AzureCloud, Places
from quarterdeck.providers.azure.options import AzureOptions, Patience
from quarterdeck.providers.azure.transport import Answer, Transport
from quarterdeck.providers.simulator.playback import Playback, playing

ARM = "https://management.azure.com/subscriptions/"
OK = 200


class Item(msgspec.Struct, frozen=True):
    """What makes a JSON object a resource: an id within a subscription, and a type.

    The type of some is recorded as null.
    """

    id: str
    type: str | None


class Items(msgspec.Struct, frozen=True):
    """A listing."""

    value: list[msgspec.Raw]


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """A recorded answer that holds resources: a listing's page, or one resource.

    Attributes:
        resources: their JSON, as recorded.
    """

    cassette: str
    url: str
    subscription: str
    listing: bool
    resources: Sequence[bytes]


def collections(file: Path) -> list[Collection]:
    """What a cassette holds: every GET from Azure Resource Manager that answered resources.

    An address that was read twice stands twice, in the order of the recording.
    """
    found = (collection(file.stem, one) for one in read(file) if asked_arm(one))
    return [one for one in found if one.resources]


def asked_arm(exchange: Exchange) -> bool:
    """Whether a recorded exchange read something of a subscription."""
    in_arm = exchange.url.startswith(ARM)
    return in_arm and exchange.method == "GET" and exchange.status == OK


def collection(cassette: str, exchange: Exchange) -> Collection:
    """The resources in an answer."""
    try:
        items, listing = msgspec.json.decode(exchange.body, type=Items).value, True
    except msgspec.DecodeError:
        items, listing = [msgspec.Raw(exchange.body)], False
    return Collection(
        cassette=cassette,
        url=exchange.url,
        subscription=exchange.url.removeprefix(ARM).split("/")[0].split("?")[0].lower(),
        listing=listing,
        resources=[bytes(item) for item in items if is_resource(bytes(item))],
    )


def is_resource(item: bytes) -> bool:
    """Whether a JSON text is a resource of a subscription."""
    try:
        return msgspec.json.decode(item, type=Item).id.lower().startswith("/subscriptions/")
    except msgspec.DecodeError:
        return False


class FixedToken:
    """A credential of a recording: nobody checks it."""

    def token(self, scope: str) -> str:  # noqa: ARG002  of the protocol
        """Any text."""
        return "recorded"

    def forget(self) -> None:
        """There is nothing to forget."""

    def close(self) -> None:
        """There is nothing to close."""


class RecordedCloud:
    """A ``Cloud`` over a playback; what is not a resource in a page is left out."""

    def __init__(
        self, cloud: AzureCloud, client: Client, playback: Playback, held: Sequence[Collection]
    ) -> None:
        self.arm = cloud
        self._client = client
        self.playback = playback
        self._held = held

    def check(self) -> None:
        """Always well."""
        self.arm.check()

    def subscriptions(self) -> Iterator[Subscription]:
        """Those that were read from."""
        for id_ in sorted({one.subscription for one in self._held}):
            yield Subscription(id=id_, name=f"recorded {id_}", state="Enabled")

    def resources(self, subscription: str) -> Iterator[Page]:
        """All that was read of a subscription, cassette by cassette."""
        for one in self._held:
            if one.subscription == subscription:
                yield from (only_resources(page) for page in self.pages(one))

    def pages(self, held: Collection) -> Iterator[Page]:
        """What one recorded address answers, its following pages included."""
        url = self.playback.local(held.cassette, held.url)
        if held.listing:
            return self.arm.items(url)
        ask = Ask(api=Api.RESOURCE_MANAGER, url=url, needs=READER)
        return iter([self._client.read(ask, whole)])

    def costs(
        self, subscription: str, first: date, last: date, basis: CostBasis, by: tuple[str, ...]
    ) -> Iterator[Page]:
        """As recorded; so is every call below. What is not is a failure that says so."""
        return self.arm.costs(subscription, first, last, basis, by)

    def cost_total(self, subscription: str, first: date, last: date, basis: CostBasis) -> Page:
        """The recorded total."""
        return self.arm.cost_total(subscription, first, last, basis)

    def budgets(self, subscription: str) -> Iterator[Page]:
        """Recorded budgets."""
        return self.arm.budgets(subscription)

    def policy_states(self, subscription: str, since: datetime | None = None) -> Iterator[Page]:
        """Recorded policy states."""
        return self.arm.policy_states(subscription, since)

    def policy_definition(self, cloud_id: str) -> Page:
        """As recorded; none where it is not."""
        return self.arm.policy_definition(cloud_id)

    def secure_scores(self, subscription: str) -> Iterator[Page]:
        """Recorded secure scores."""
        return self.arm.secure_scores(subscription)

    def advice(self, subscription: str) -> Iterator[Page]:
        """Recorded advice."""
        return self.arm.advice(subscription)

    def role_assignments(self, subscription: str) -> Iterator[Page]:
        """Recorded role assignments."""
        return self.arm.role_assignments(subscription)

    def users(self) -> Iterator[Page]:
        """Recorded users."""
        return self.arm.users()

    def groups(self) -> Iterator[Page]:
        """Recorded groups."""
        return self.arm.groups()

    def group_members(self, group: str) -> Iterator[Page]:
        """Recorded members."""
        return self.arm.group_members(group)

    def directory_roles(self) -> Iterator[Page]:
        """Recorded roles."""
        return self.arm.directory_roles()

    def registrations(self) -> Iterator[Page]:
        """Recorded registrations."""
        return self.arm.registrations()

    def conditional_access(self) -> Iterator[Page]:
        """Recorded policies."""
        return self.arm.conditional_access()

    def applications(self) -> Iterator[Page]:
        """Recorded applications."""
        return self.arm.applications()

    def service_principals(self) -> Iterator[Page]:
        """Recorded service principals."""
        return self.arm.service_principals()

    def mark(self, _listing: Tracked) -> str:
        """None: what is recorded does not change."""
        return ""

    def changes(self, listing: Tracked, mark: str) -> Iterator[tuple[Page, str]]:
        """As recorded: nothing."""
        return self.arm.changes(listing, mark)

    def sign_ins(self, since: datetime) -> Iterator[Page]:
        """Recorded sign-ins."""
        return self.arm.sign_ins(since)


def whole(answer: Answer) -> Page:
    """A page of one: the answer itself."""
    return Page(items=(answer.body,), request_id=answer.request_id)


def only_resources(page: Page) -> Page:
    """Without what is listed by the same API but is no resource, such as a metric."""
    return replace(page, items=tuple(item for item in page.items if is_resource(item)))


@contextmanager
def open_recorded(files: Sequence[Path], folder: Path, now: datetime) -> Iterator[RecordedCloud]:
    """The cloud in some cassettes, played over HTTPS; ``folder`` gets the CA file."""
    tapes = {file.stem: read(file) for file in files}
    held = [one for file in files for one in collections(file)]
    with playing(tapes, folder, now) as playback:
        options = AzureOptions(endpoint=playback.base, ca_file=playback.ca_file)
        transport = Transport(options)
        client = Client(transport, FixedToken(), manners(Patience(attempts=1)), utc_now)
        cloud = AzureCloud(client, Places(arm=playback.base, graph=playback.base))
        try:
            yield RecordedCloud(cloud, client, playback, held)
        finally:
            transport.close()
