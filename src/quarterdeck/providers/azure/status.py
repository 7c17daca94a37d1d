"""What Azure says of itself: its status feed, and whether the identity host answers.

The feed lists what is wrong now and nothing else (https://azure.status.microsoft): without
entries all is well.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree as ET

import httpx2

from quarterdeck.governance.cloud.ports import CloudCondition, CloudStatus
from quarterdeck.providers.azure.options import AzureOptions, is_loopback
from quarterdeck.providers.azure.transport import trust

PATIENCE_S = 5.0
MOST_BYTES = 1024 * 1024
MOST_WORDS = 300
OPENID = "/organizations/v2.0/.well-known/openid-configuration"
SERVER_FAULT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureStatus:
    """Asks Azure how it does; may be used from several threads, and never raises."""

    options: AzureOptions

    def __call__(self) -> CloudStatus:
        """The status feed's word: ``AskStatus`` of the estate."""
        if not self.options.status:
            return not_known("no status feed is set: azure_status_url")
        return asked(self.options, self.options.status, read_feed)

    def identity(self) -> CloudStatus:
        """Whether the host that issues tokens answers."""
        return asked(self.options, self.options.authority.rstrip("/") + OPENID, read_host)


Read = Callable[[int, bytes], CloudStatus]


def asked(options: AzureOptions, url: str, read: Read) -> CloudStatus:
    """What ``read`` makes of an answer's status and body; not known where there is none."""
    try:
        with (
            httpx2.Client(
                verify=trust(options), timeout=PATIENCE_S, trust_env=not is_loopback(url)
            ) as http,
            http.stream("GET", url, follow_redirects=True) as answer,
        ):
            body = bytearray()
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > MOST_BYTES:
                    return not_known(f"{url} answers more than {MOST_BYTES} bytes")
            return read(answer.status_code, bytes(body))
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        return not_known(f"{url} cannot be asked: {str(error) or type(error).__name__}")


def read_feed(status: int, body: bytes) -> CloudStatus:
    """The condition in an RSS feed (2.0): entries are incidents."""
    if status != httpx2.codes.OK:
        return not_known(f"the status feed answers {status}")
    # Entities are what makes XML of others dangerous, and RSS needs none.
    if b"<!ENTITY" in body or b"<!DOCTYPE" in body:
        return not_known("the status feed is no plain RSS")
    try:
        channel = ET.fromstring(body).find("channel")  # noqa: S314  see above
    except ET.ParseError as error:
        return not_known(f"the status feed cannot be read: {error}")
    if channel is None:
        return not_known("the status feed is no RSS: it has no channel")
    entries = channel.findall("item")
    if not entries:
        return CloudStatus(condition=CloudCondition.HEALTHY, detail="no incident is listed")
    titles = "; ".join(
        text_in(entry, "title") or "an incident without a title" for entry in entries
    )
    return CloudStatus(
        condition=CloudCondition.DEGRADED,
        detail=titles[:MOST_WORDS],
        since=min((moment for entry in entries if (moment := began(entry))), default=None),
    )


def read_host(status: int, _body: bytes) -> CloudStatus:
    """Any answer but a server's fault shows that the host is there."""
    if status >= SERVER_FAULT:
        return CloudStatus(
            condition=CloudCondition.DEGRADED, detail=f"the identity host answers {status}"
        )
    return CloudStatus(condition=CloudCondition.HEALTHY, detail="the identity host answers")


def text_in(entry: ET.Element, name: str) -> str:
    """The text of an entry's field, in one line; empty if there is none."""
    return " ".join((entry.findtext(name) or "").split())


def began(entry: ET.Element) -> datetime | None:
    """When an entry was published (RFC 822); None where that is not said, or not as a date."""
    try:
        moment = parsedate_to_datetime(text_in(entry, "pubDate"))
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def not_known(why: str) -> CloudStatus:
    """Nobody could say."""
    return CloudStatus(condition=CloudCondition.NOT_KNOWN, detail=why)
