"""A channel: a named way out of a tenant. Pure."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from quarterdeck.kernel.errors import Conflict, Invalid, NotFound
from quarterdeck.kernel.text import is_mail, is_storable
from quarterdeck.operations.channels.model import apprise

NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?")
ROUTING_KEY = re.compile(r"[0-9A-Za-z]{20,64}(?::[\w+-]{10,100}:[^@\s:]+@[^@\s:]+)?")
TOKEN = re.compile(r"xox[a-z]-[0-9A-Za-z-]+")
PROJECT = re.compile(r"[A-Z][A-Z0-9_]{1,30}(/[^/]{1,60})?")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
MAX_TEXT, MAX_MANY, MAX_SECRET, LEAST_KEY = 500, 50, 2000, 16


class UnusableChannel(Invalid):
    """A channel that cannot be kept; the message says which part, and why."""


class NoSuchChannel(NotFound):
    """There is no such channel, or none that this actor may see."""


class ChannelChanged(Conflict):
    """Somebody else changed the channel meanwhile."""


class Kind(StrEnum):
    """By what a channel goes out."""

    EMAIL = "email"
    SLACK = "slack"
    TEAMS = "teams"
    PAGERDUTY = "pagerduty"
    WEBHOOK = "webhook"
    JIRA = "jira"
    ROOMS = "slack-rooms"  # a Slack channel for each incident
    APPRISE = "apprise"  # whatever else Apprise reaches


SECRETS = {
    Kind.SLACK: "the address of an incoming webhook (https://...), or a bot's token (xoxb-...)",
    Kind.TEAMS: "the address of a workflow's webhook (https://...)",
    Kind.PAGERDUTY: "the routing key of a service's Events API v2 integration, or KEY:TOKEN:MAIL "
    "with a token of the REST API and the mail address of whose it is",
    Kind.JIRA: "NAME@HOST:TOKEN of an account of Jira Cloud, or a personal access token",
    Kind.ROOMS: "a bot's token (xoxb-...)",
    Kind.APPRISE: "an Apprise address, as tgram://TOKEN/CHAT or ntfys://HOST/TOPIC",
}
"""Kinds that cannot do without a secret, and what it is."""

SHAPES = {Kind.PAGERDUTY: ROUTING_KEY, Kind.ROOMS: TOKEN}

ADDRESSED = (Kind.WEBHOOK, Kind.JIRA)
"""Kinds that say where they are asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A named way out.

    Attributes:
        to: of ``email``: who gets it.
        place: where it comes out, as people there call it: ``#atp-incidents``, a team, a service;
            of ``jira`` the project, and the type of issue where it is no Task: ``OPS/Incident``.
        url: of ``webhook``: where it is posted; of ``jira``: where the site is.
        mention: whether all who are there are called when something is critical.
    """

    name: str
    kind: Kind
    to: tuple[str, ...] = ()
    place: str = ""
    url: str = ""
    mention: bool = False
    note: str = ""

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise UnusableChannel(
                f"{self.name[:80]!r} is no name; expected a-z, 0-9 and dashes, at most 64"
            )
        _check_text("place", self.place)
        _check_text("note", self.note)
        if bool(self.to) != (self.kind is Kind.EMAIL):
            raise UnusableChannel("a channel of kind email has recipients (to), and no other has")
        if bool(self.url) != (self.kind in ADDRESSED):
            raise UnusableChannel(
                "a channel of kind webhook or jira has an address (url), no other has"
            )
        if self.kind is Kind.JIRA and not PROJECT.fullmatch(self.place):
            raise UnusableChannel("a channel of kind jira says its place, as OPS or OPS/Incident")
        if len(self.to) > MAX_MANY:
            raise UnusableChannel(f"a channel has at most {MAX_MANY} recipients")
        for one in self.to:
            check_mail(one)
        if self.url:
            check_url(self.url, "the address")

    @property
    def shown(self) -> str:
        """Where it goes, as people call it."""
        host = urlsplit(self.url).hostname or "" if self.url else ""
        return self.place or ", ".join(self.to) or host or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A channel as it stands.

    Attributes:
        by: who wrote it so, and ``at`` when.
        sealed: its secret, sealed; empty: it has none.
    """

    tenant: str
    version: int
    by: str
    at: datetime
    channel: Channel
    sealed: str = field(default="", repr=False)

    @property
    def lacks(self) -> str:
        """What it needs before it can be used; empty: nothing."""
        needs = SECRETS.get(self.channel.kind, "")
        return f"needs its secret: {needs}" if needs and not self.sealed else ""


def check_secret(channel: Channel, secret: str) -> None:
    """Refuse what cannot be the secret of such a channel; raise UnusableChannel."""
    if len(secret) > MAX_SECRET or not secret.isascii() or not secret.isprintable():
        raise UnusableChannel(f"a secret has at most {MAX_SECRET} printable ASCII characters")
    match channel.kind:
        case Kind.EMAIL:
            raise UnusableChannel("a channel of kind email has no secret: settings have it")
        case Kind.TEAMS:
            check_url(secret, "the secret, a workflow's address,")
        case Kind.SLACK:
            _check_slack(channel, secret)
        case Kind.APPRISE if why := apprise.unusable(secret):
            raise UnusableChannel(f"expected {SECRETS[Kind.APPRISE]}; {why}")
        case Kind.ROOMS | Kind.PAGERDUTY as kind if not SHAPES[kind].fullmatch(secret):
            raise UnusableChannel(f"expected {SECRETS[kind]}")
        case Kind.WEBHOOK if len(secret) < LEAST_KEY:
            raise UnusableChannel(f"a webhook's secret has {LEAST_KEY} characters or more")
        case _:
            pass


def _check_slack(channel: Channel, secret: str) -> None:
    if TOKEN.fullmatch(secret):
        if not channel.place:
            raise UnusableChannel("with a bot's token a channel says its place, as #atp-ops")
    elif "://" in secret:
        check_url(secret, "the secret, an incoming webhook's address,")
    else:
        raise UnusableChannel(f"expected {SECRETS[Kind.SLACK]}")


def check_mail(address: str) -> None:
    """Refuse what is no mail address; raise UnusableChannel."""
    if not is_mail(address) or len(address) > MAX_TEXT:
        raise UnusableChannel(f"{address[:80]!r} is no mail address; expected NAME@HOST")


def check_url(url: str, what: str) -> None:
    """Refuse an address that cannot be asked; raise UnusableChannel. It is not repeated."""
    try:
        parts = urlsplit(url)
        port_is_good = parts.port != 0
    except ValueError as error:
        raise UnusableChannel(f"{what} is as https://HOST/PATH") from error
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= MAX_SECRET
    if not (safe and parts.hostname and port_is_good and plain) or parts.username:
        raise UnusableChannel(f"{what} is as https://HOST/PATH, without a password")


def _check_text(what: str, text: str) -> None:
    if len(text) > MAX_TEXT or not is_storable(text) or "\n" in text or "\r" in text:
        raise UnusableChannel(f"{what} is one line of at most {MAX_TEXT} characters")
