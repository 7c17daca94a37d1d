"""A webhook: where records of a tenant go, which, and how they are signed. Pure."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256
from urllib.parse import urlsplit

from quarterdeck.kernel.errors import Invalid, NotFound
from quarterdeck.trail.query.model import Filter

SIGNATURE = "Quarterdeck-Signature"
MEDIA_TYPE = "application/cloudevents+json"
ATTEMPTS = 10
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)
OVERLAP = timedelta(days=1)
GONE = 410
LOOPBACK = ("localhost", "127.0.0.1", "::1")
MAX_URL = 2000


class WebhookNotFound(NotFound):
    """No such webhook."""


class WebhookInvalid(Invalid):
    """The address cannot be sent to."""


class State(StrEnum):
    """``gone``: its receiver answered 410, and is sent nothing more."""

    ACTIVE = "active"
    PAUSED = "paused"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One subscription of one tenant.

    Attributes:
        begins: index of the first record that it may be sent.
        secret_version: from 1; the secret itself is derived, and stored nowhere.
        overlap_until: until then what is sent is signed with the secret before, too;
            microseconds since 1970.
    """

    id: str
    tenant: str
    url: str
    wanted: Filter = field(default_factory=Filter)
    begins: int
    state: State = State.ACTIVE
    secret_version: int = 1
    overlap_until: int = 0
    at: int
    by: str

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        if not safe or not parts.hostname or parts.username or len(self.url) > MAX_URL:
            raise WebhookInvalid("a webhook's address is as https://HOST/PATH, without a password")
        if self.wanted.words:
            raise WebhookInvalid("webhooks are not filtered by words: every other filter works")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A record that a receiver has not taken yet."""

    webhook: str
    tenant: str
    index: int
    record: str
    attempts: int
    due_at: int
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a receiver answered: ``status`` None where no whole answer came."""

    status: int | None
    error: str = ""

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004  HTTP


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to send one record; ``index`` None: a test."""

    id: str
    webhook: str
    tenant: str
    index: int | None
    number: int
    status: int | None
    error: str
    took_ms: int
    at: int


def check_address(url: str) -> None:
    """Refuse an address that cannot be asked as it is written.

    For who adds one: those that stand already are told at each attempt.
    """
    if not url.isascii():
        raise WebhookInvalid(
            "a webhook's address has no letters beyond ASCII: write those of its host as xn--..., "
            "and those of its path as %C3%A9"
        )
    try:
        port = urlsplit(url).port
    except ValueError as error:
        raise WebhookInvalid(f"a webhook's address is as https://HOST/PATH: {error}") from error
    if port == 0 or any(letter.isspace() or not letter.isprintable() for letter in url):
        raise WebhookInvalid("a webhook's address is as https://HOST/PATH, without spaces")


def signature(secrets: Sequence[bytes], at_s: int, body: bytes) -> str:
    """The header's value: when it was signed (seconds since 1970), and HMAC-SHA256 over that, a
    point, and the body; one for each secret that is good now.
    """
    signed = f"{at_s}.".encode() + body
    found = [f"v1={hmac.new(secret, signed, sha256).hexdigest()}" for secret in secrets]
    return ",".join([f"t={at_s}", *found])


def verified(header: str, secret: bytes, body: bytes, now_s: int, tolerance_s: int = 300) -> bool:
    """What a receiver does: whether ``header`` was made with ``secret``, and lately."""
    parts = [part.partition("=") for part in header.split(",")]
    stated = next((value for name, _, value in parts if name == "t"), "")
    if not stated.isdecimal() or abs(now_s - int(stated)) > tolerance_s:
        return False
    (_, mine) = signature([secret], int(stated), body).split(",v1=")
    return any(hmac.compare_digest(mine, value) for name, _, value in parts if name == "v1")


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many failed attempts."""
    return min(FIRST_PAUSE * (1 << min(attempts - 1, 20)), LONGEST_PAUSE)


Headers = Mapping[str, str]
