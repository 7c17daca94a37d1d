"""alertmanager.yml, read as Alertmanager reads it and refused where it would be. Pure."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, timedelta
from email.utils import getaddresses
from functools import partial
from itertools import chain
from typing import TypeVar
from urllib.parse import urlsplit

from quarterdeck.kernel.errors import Invalid
from quarterdeck.operations.channels.model.channel import NAME, check_mail
from quarterdeck.operations.messages.model import Address, Where
from quarterdeck.operations.routing import intervals
from quarterdeck.operations.routing.intervals import Range, TimeInterval
from quarterdeck.operations.routing.model import Config, Handed, Inhibition, Receiver, Webhook
from quarterdeck.operations.routing.nodes import DEEPEST, At, compose
from quarterdeck.operations.routing.pages import PAGES, read_pages
from quarterdeck.operations.routing.routes import matchers_of, read_root
from quarterdeck.operations.silences.matchers import Matchers

TOP = (
    *("global", "templates", "route", "receivers", "inhibit_rules"),
    *("time_intervals", "mute_time_intervals"),
)
KINDS = (
    *(
        "discord",
        "msteams",
        "msteamsv2",
        "opsgenie",
        "pagerduty",
        "pushover",
        "rocketchat",
    ),
    *("slack", "sns", "telegram", "victorops", "webex", "wechat", "jira", "incidentio"),
)
OTHERS = tuple(f"{kind}_configs" for kind in KINDS)
OURS = ("webhook_configs", "channel_configs", "email_configs")
MAIL = (
    *("to", "send_resolved", "from", "smarthost", "hello", "headers", "html", "text"),
    *("auth_username", "auth_password", "auth_secret", "auth_identity", "require_tls"),
    "tls_config",
)
CHANNEL = ("channel", "send_resolved")
WEBHOOK = ("url", "send_resolved", "max_alerts", "timeout", "http_config")
HTTP = ("authorization", "basic_auth", "follow_redirects")
SPAN = ("times", "weekdays", "days_of_month", "months", "years", "location")
RULE = (
    *("source_match", "source_match_re", "source_matchers"),
    *("target_match", "target_match_re", "target_matchers", "equal", "name"),
)
RESOLVE_TIMEOUT = timedelta(minutes=5)
LONGEST_TIMEOUT_S = 60.0

T = TypeVar("T")


def read(text: str) -> Config:
    """The configuration that ``text`` is.

    Raises:
        RoutingInvalid: it has an error; says on which line.
    """
    top = compose(text)
    try:
        return _config(top, top.fields(TOP))
    except RecursionError as error:
        raise top.fault(f"nested deeper than {DEEPEST}") from error


def _config(top: At, fields: Mapping[str, At]) -> Config:
    for needed in ("route", "receivers"):
        if needed not in fields:
            raise top.fault(f"no {needed} provided")
    receivers, followed = _receivers(fields["receivers"])
    times = _intervals(fields)
    timeout, notes = _global(fields)
    return Config(
        root=read_root(fields["route"], receivers, times),
        receivers=receivers,
        inhibitions=tuple(
            _inhibition(number, one) for number, one in enumerate(_items(fields, "inhibit_rules"))
        ),
        intervals=times,
        resolve_timeout=timeout,
        notes=(*notes, *followed),
    )


def _global(fields: Mapping[str, At]) -> tuple[timedelta, tuple[str, ...]]:
    """The resolve timeout, and what has no effect: no receiver here would use it."""
    timeout, notes = RESOLVE_TIMEOUT, []
    for key, value in fields["global"].pairs() if "global" in fields else ():
        if key.text() == "resolve_timeout":
            timeout = value.duration()
        else:
            notes.append(f"line {key.line}: {key.text()[:80]} has no effect")
    if "templates" in fields:
        notes.append(f"line {fields['templates'].line}: templates have no effect on webhooks")
    return timeout, tuple(notes)


def _receivers(at: At) -> tuple[dict[str, Receiver], tuple[str, ...]]:
    """Receivers by their names, and what of them has no effect."""
    found: dict[str, Receiver] = {}
    notes: list[str] = []
    for one in at.items():
        fields = one.fields(("name", *OURS, PAGES, *OTHERS))
        name = fields["name"].text() if "name" in fields else ""
        if not name:
            raise one.fault("missing name in receiver")
        if name in found:
            raise one.fault(f"notification config name {name[:80]!r} is not unique")
        if strange := next((kind for kind in fields if kind in OTHERS), None):
            raise fields[strange].fault(
                f"{strange} are not sent from here; name a channel by channel_configs"
            )
        hooks, mails = _items(fields, "webhook_configs"), _items(fields, "email_configs")
        handed = [*map(_channel, _items(fields, "channel_configs")), *chain(*map(_mails, mails))]
        found[name] = Receiver(
            name=name, webhooks=(*map(_webhook, hooks), *handed), pages=read_pages(fields)
        )
        notes += [note for hook in hooks for note in _followed(hook)]
        notes += [note for mail in mails for note in _unused(mail)]
    return found, tuple(notes)


def _followed(hook: At) -> Sequence[str]:
    """That redirects are not followed, where it is asked for: the credential would go along."""
    config = hook.fields(WEBHOOK).get("http_config")
    asked = config.fields(HTTP).get("follow_redirects") if config else None
    return [f"line {asked.line}: no redirect is followed"] if asked and asked.flag() else []


def _channel(at: At) -> Handed:
    """Ours: a channel of the tenant, by its name."""
    fields = at.fields(CHANNEL)
    name = fields["channel"].text() if "channel" in fields else ""
    if not NAME.fullmatch(name):
        raise at.fault("missing the name of a channel in channel config")
    return Handed(
        to=Address(where=Where.CHANNEL, name=name),
        send_resolved=fields["send_resolved"].flag() if "send_resolved" in fields else True,
        line=fields["channel"].line,
    )


def _mails(at: At) -> list[Handed]:
    """A mail for each recipient; as Alertmanager has it, of an end only where it is asked for."""
    fields = at.fields(MAIL)
    recipients = [a for _, a in getaddresses([fields["to"].text()])] if "to" in fields else []
    if not recipients:
        raise at.fault("missing to address in email config")
    for one in recipients:
        _said(fields["to"], partial(_mail, one))
    resolved = fields["send_resolved"].flag() if "send_resolved" in fields else False
    return [
        Handed(
            to=Address(where=Where.MAIL, name=one),
            send_resolved=resolved,
            line=fields["to"].line,
        )
        for one in recipients
    ]


def _mail(address: str, _text: str) -> str:
    check_mail(address)
    return address


def _unused(mail: At) -> Iterator[str]:
    """What of a mail's configuration has no effect: the installation's own server sends it."""
    for name, value in mail.fields(MAIL).items():
        if name not in ("to", "send_resolved"):
            yield f"line {value.line}: {name} has no effect: mail goes by the settings smtp_*"


def _webhook(at: At) -> Webhook:
    fields = at.fields(WEBHOOK)
    if "url" not in fields:
        raise at.fault("missing URL in webhook config")
    timeout_s = fields["timeout"].duration().total_seconds() if "timeout" in fields else 0
    return Webhook(
        url=_url(fields["url"]),
        send_resolved=fields["send_resolved"].flag() if "send_resolved" in fields else True,
        most=fields["max_alerts"].whole() if "max_alerts" in fields else 0,
        timeout_s=min(timeout_s or 10.0, LONGEST_TIMEOUT_S),
        headers=_credential(fields["http_config"]) if "http_config" in fields else {},
    )


def _url(at: At) -> str:
    url = at.text()
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or any(letter.isspace() for letter in url):
        raise at.fault(f"unsupported URL {url[:80]!r}; http or https, and a host")
    return url


def _credential(at: At) -> dict[str, str]:
    fields = at.fields(HTTP)
    if "authorization" in fields and "basic_auth" in fields:
        raise at.fault("at most one of basic_auth & authorization must be configured")
    if "authorization" in fields:
        own = fields["authorization"].fields(("type", "credentials"))
        kind = own["type"].text() if "type" in own else "Bearer"
        secret = own["credentials"].text() if "credentials" in own else ""
        return {"Authorization": _header(at, f"{kind} {secret}")}
    if "basic_auth" in fields:
        own = fields["basic_auth"].fields(("username", "password"))
        pair = ":".join(
            own[name].text() if name in own else "" for name in ("username", "password")
        )
        return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
    return {}


def _header(at: At, value: str) -> str:
    if not value.isascii() or not value.isprintable():
        raise at.fault("a credential has only printable ASCII characters")
    return value


def _inhibition(number: int, at: At) -> Inhibition:
    fields = at.fields(RULE)
    equal = tuple(one.text() for one in _items(fields, "equal"))
    return Inhibition(
        id=str(number),
        sources=_side(fields, "source"),
        targets=_side(fields, "target"),
        equal=tuple(sorted(set(equal))),
    )


def _side(fields: Mapping[str, At], side: str) -> Matchers:
    return matchers_of(fields, f"{side}_matchers", f"{side}_match", f"{side}_match_re")


def _intervals(fields: Mapping[str, At]) -> dict[str, tuple[TimeInterval, ...]]:
    found: dict[str, tuple[TimeInterval, ...]] = {}
    for name in ("mute_time_intervals", "time_intervals"):
        for one in _items(fields, name):
            own = one.fields(("name", "time_intervals"))
            called = own["name"].text() if "name" in own else ""
            if not called:
                raise one.fault("missing name in time interval")
            if called in found:
                raise one.fault(f"time interval {called[:80]!r} is not unique")
            found[called] = tuple(_interval(part) for part in _items(own, "time_intervals"))
    return found


def _interval(at: At) -> TimeInterval:
    fields = at.fields(SPAN)
    location = fields.get("location")
    return TimeInterval(
        times=tuple(_times(one) for one in _items(fields, "times")),
        weekdays=_ranges(fields, "weekdays", intervals.weekday_range),
        days=_ranges(fields, "days_of_month", intervals.day_range),
        months=_ranges(fields, "months", intervals.month_range),
        years=_ranges(fields, "years", intervals.year_range),
        zone=_said(location, intervals.zone) if location else UTC,
    )


def _times(at: At) -> Range:
    fields = at.fields(("start_time", "end_time"))
    if len(fields) < 2:  # noqa: PLR2004  both
        raise at.fault("both start and end times must be provided")
    try:
        return intervals.time_range(fields["start_time"].text(), fields["end_time"].text())
    except Invalid as error:
        raise at.fault(str(error)) from error


def _ranges(fields: Mapping[str, At], name: str, of: Callable[[str], Range]) -> tuple[Range, ...]:
    return tuple(_said(one, of) for one in _items(fields, name))


def _said(at: At, of: Callable[[str], T]) -> T:
    try:
        return of(at.text())
    except Invalid as error:
        raise at.fault(str(error)) from error


def _items(fields: Mapping[str, At], name: str) -> Sequence[At]:
    return fields[name].items() if name in fields else ()
