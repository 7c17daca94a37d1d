"""A service as Apprise knows it, made to send what we send and no more."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from logging import DEBUG, WARNING, Handler, LogRecord, getLogger

from apprise import Apprise, AppriseAsset, NotifyBase, NotifyFormat, NotifyType
from apprise.common import OverflowMode
from typing_extensions import override

from quarterdeck.operations.channels.model.apprise import LOCAL
from quarterdeck.providers.apprise.judging import Line
from quarterdeck.providers.apprise.rendering import Room, Said, fitted

INSECURE, BARE = "insecure", "ws://"

UNENCRYPTED = frozenset({"aprs", "dapnet", "growl", "kavenegar", "rsyslog"})
"""Services that have no encrypted form, or that Apprise asks for none."""


class Log(Handler):
    """What Apprise logs, kept."""

    def __init__(self) -> None:
        super().__init__(DEBUG)
        self.lines: list[Line] = []
        own = getLogger("apprise")
        own.setLevel(DEBUG)
        own.propagate = False
        own.addHandler(self)

    @override
    def emit(self, record: LogRecord) -> None:
        self.lines.append(Line(text=record.getMessage(), warns=record.levelno >= WARNING))


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One address."""

    url: str
    plugin: NotifyBase
    asset: AppriseAsset = field(repr=False)

    @property
    def is_local(self) -> bool:
        """Whether it acts on this machine, whatever its address calls it."""
        return bool(LOCAL & self._names)

    @property
    def is_private(self) -> bool:
        """Whether what it sends is encrypted, and goes to whom it is for.

        What has no unencrypted form beside another is: ``tgram://`` is asked over HTTPS.
        """
        forms = [getattr(self.plugin, name, None) for name in ("protocol", "secure_protocol")]
        encrypted = self.plugin.secure if all(forms) else not UNENCRYPTED & self._names
        mail = getattr(self.plugin, "secure_mode", "")  # which mailtos:// may say otherwise
        relays = getattr(self.plugin, "relays", ())  # which nostr:// is told one by one
        if mail == INSECURE or any(one.startswith(BARE) for one in relays):
            return False
        return bool(encrypted and self.plugin.verify_certificate)

    @property
    def _names(self) -> set[str]:
        known: set[str] = self.plugin.schemas()  # type: ignore[no-untyped-call]  # published so
        return known

    @property
    def has_host(self) -> bool:
        """Whether the host in its address is one, and no token."""
        return "host" in self.plugin.template_tokens

    def notify(self, whole: Said) -> bool:
        """Send it, as much of it as there is room for."""
        text = fitted(whole, _room(self.plugin))
        way = Apprise(asset=self.asset)
        way.add(self.plugin)
        return bool(
            way.notify(
                body=text.body,
                title=text.title,
                notify_type=NotifyType(text.type),
                body_format=NotifyFormat.TEXT,
            )
        )


def service_at(url: str) -> Service | None:
    """The service at one address; None: Apprise reads no such address, or cannot use it here."""
    asset = AppriseAsset(
        app_id="Quarterdeck",
        app_desc="Quarterdeck",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        image_path_mask=False,
        http_redirects=False,
        async_mode=False,
        pgp_autogen=False,
        pem_autogen=False,
        service_timeout=0,
        storage_mode="memory",
        allow_templates=False,
    )
    plugin = Apprise.instantiate(url, asset=asset)
    if plugin is None:
        return None
    for name, value in _ours():
        setattr(plugin, name, value)
    return Service(url=url, plugin=plugin, asset=asset)


def _ours() -> Iterator[tuple[str, object]]:
    """What an address may not say otherwise: it says where to, and we how."""
    yield "optional", False  # else a failure is told as a success
    yield "retry", 0  # the outbox tries again
    yield "redirects", False
    yield "request_rate_per_sec", 0  # else two recipients take longer than a delivery may
    yield "overflow_mode", OverflowMode.TRUNCATE  # what a form adds to fitting words is cut
    yield "interpret_emojis", False


def _room(plugin: NotifyBase) -> Room:
    return Room(
        title=max(plugin.title_maxlen, 0),
        body=plugin.body_maxlen,
        lines=plugin.body_max_line_count,
        together=plugin.overflow_amalgamate_title,
    )
