"""What messages need from the outside world."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from quarterdeck.operations.channels.model.channel import Channel, Kind
from quarterdeck.operations.channels.ports import Safe
from quarterdeck.operations.messages.model import Content
from quarterdeck.operations.sending.model import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What goes to one address in one request.

    Attributes:
        id: the same for each attempt, so that a receiver may know the second.
        address: of mail: who gets it.
        channel: which it goes by; None: by none, to a mail address.
        contents: one; or several that waited and go together.
        attempt: from 1.
        receipt: what the receiver called the last that was about the same, of those that put
            together themselves what is about one thing; empty: it named none.
    """

    id: str
    tenant: str
    kind: Kind
    address: str
    channel: Channel | None
    secret: str = field(default="", repr=False)
    contents: tuple[Content, ...]
    about: str
    attempt: int = 1
    receipt: str = ""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """All the ways out of an installation.

    Attributes:
        carriers: one a kind.
        safe: where secrets of channels are sealed.
    """

    carriers: Mapping[Kind, "Carrier"]
    safe: Safe


class Carrier(Protocol):
    """Carries parcels of one kind. Any thread."""

    def carry(self, parcel: Parcel) -> Reply:
        """Hand it over, within some ten seconds. Whatever happens is a Reply.

        A receiver that ends amid its answer has not taken it. An attempt after the first says
        so, where there is room to: the receiver may have both.
        """
        ...
