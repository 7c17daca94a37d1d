"""Telling the outside world: the ways out of an installation, and what sends by them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from ssl import create_default_context

from quarterdeck.kernel.settings import Settings
from quarterdeck.operations.channels.model.channel import Kind
from quarterdeck.operations.messages.ports import Carrier, Outlet
from quarterdeck.operations.messages.service.mending import forget
from quarterdeck.operations.messages.service.parcels import Bundle
from quarterdeck.operations.messages.service.sending import open_sending
from quarterdeck.operations.sending.service import Loop
from quarterdeck.providers.apprise.carrier import AppriseCarrier
from quarterdeck.providers.email.carrier import PLAIN, MailCarrier, Server
from quarterdeck.providers.jira.carrier import JiraCarrier
from quarterdeck.providers.pagerduty.carrier import PagerDutyCarrier
from quarterdeck.providers.sealing.safe import KeySafe
from quarterdeck.providers.slack.carrier import SlackCarrier
from quarterdeck.providers.slack.rooms import RoomCarrier
from quarterdeck.providers.teams.carrier import TeamsCarrier
from quarterdeck.providers.webhook.carrier import WebhookCarrier
from quarterdeck.providers.webhook.sender import HttpSender
from quarterdeck.runtime import Runtime
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.worker.pulse import Pulses

TELL_S, FORGET_S, WAIT_S = 0.05, 600.0, 1.0


def outlet(settings: Settings, keys: KeyStore, sender: HttpSender) -> Outlet:
    """The ways out, by the connections of ``sender``."""
    carriers: dict[Kind, Carrier] = {
        Kind.EMAIL: MailCarrier(mail_server(settings)),
        Kind.SLACK: SlackCarrier(sender, settings.slack_url),
        Kind.TEAMS: TeamsCarrier(sender),
        Kind.PAGERDUTY: PagerDutyCarrier(
            sender, settings.pagerduty_url, settings.pagerduty_api_url
        ),
        Kind.WEBHOOK: WebhookCarrier(sender),
        Kind.JIRA: JiraCarrier(sender),
        Kind.ROOMS: RoomCarrier(sender, settings.slack_url, archive=settings.slack_archive),
        Kind.APPRISE: AppriseCarrier(settings.webhook_networks, os.environ),
    }
    return Outlet(carriers=carriers, safe=KeySafe(keys))


def mail_server(settings: Settings) -> Server:
    """The mail server of the settings; its host is empty where there is none."""
    wanted = bool(settings.smtp_host) and settings.smtp_tls != PLAIN
    return Server(
        host=settings.smtp_host,
        port=settings.smtp_port,
        tls=settings.smtp_tls,
        user=settings.smtp_user,
        password=settings.smtp_password,
        sender=settings.smtp_from,
        trust=create_default_context(cafile=settings.smtp_ca or None) if wanted else None,
    )


@contextmanager
def telling(runtime: Runtime) -> Iterator[Pulses]:
    """The pulses of a worker that tells; when the block ends, what is under way has ended."""
    engine, clock = runtime.engine, runtime.clock
    with sending(runtime) as loop:
        yield {
            "tell": (TELL_S, loop.beat),
            "forget messages": (FORGET_S, partial(forget, engine, clock)),
        }


@contextmanager
def sending(runtime: Runtime) -> Iterator[Loop[Bundle]]:
    """One process's share of what is to be told; when the block ends, it has ended."""
    with closing(HttpSender(runtime.settings.webhook_networks)) as sender:
        ways = outlet(runtime.settings, runtime.keys, sender)
        with closing(open_sending(runtime.engine, runtime.clock, ways)) as loop:
            yield loop


def send_all(loop: Loop[Bundle]) -> None:
    """Send all that is due, to its end."""
    while loop.beat() or loop.running:
        loop.wait(WAIT_S)
