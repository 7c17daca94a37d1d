"""Mails over SMTP: kept private, signed in, and what a server's refusal means."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from quarterdeck.kernel.clock import utc_now
from quarterdeck.operations.channels.model.channel import Kind
from quarterdeck.operations.messages.model import Content
from quarterdeck.operations.messages.ports import Parcel
from quarterdeck.operations.sending.model import Reply
from quarterdeck.providers.email.carrier import NOT_SET, MailCarrier, Server
from quarterdeck.providers.simulator.tls import loopback_tls
from servers import mail
from servers.mail import MailBox

OPS = "ops@acme.example"
PARCEL = Parcel(
    id="m-1",
    tenant="acme",
    kind=Kind.EMAIL,
    address=OPS,
    channel=None,
    contents=(Content(title="Disk full"),),
    about="page/1",
    at=datetime(2026, 1, 7, 12, tzinfo=UTC),
)


@contextmanager
def served(tls: str = "none", **more: str) -> Iterator[tuple[MailBox, MailCarrier]]:
    material = loopback_tls(utc_now()) if tls != "none" else None
    trust = ssl.create_default_context(cadata=material.ca_pem.decode()) if material else None
    with mail.running(material.context if material else None, implicit=tls == "implicit") as box:
        server = Server(
            host="127.0.0.1",
            port=box.port,
            tls=tls,
            sender="q@acme.example",
            trust=trust,
            **more,
        )
        yield box, MailCarrier(server)


@pytest.mark.parametrize("tls", ["none", "starttls", "implicit"])
def test_a_mail_is_taken_and_its_receipt_is_its_id(tls: str) -> None:
    with served(tls, user="ada", password="s3cret") as (box, carrier):
        assert carrier.carry(PARCEL) == Reply(receipt="<m-1@acme.example>")
        [got] = box.to(OPS)
    assert (got.secure, got.user) == (tls != "none", "ada")
    assert got.message["Subject"] == "Disk full"


@pytest.mark.parametrize(
    ("said", "then"),
    [("550 no such person", "given up"), ("450 later", "again"), ("421 busy", "again")],
)
def test_a_refusal_names_who_and_says_whether_to_try_again(said: str, then: str) -> None:
    with served() as (box, carrier):
        box.refuses[OPS] = [said]
        reply = carrier.carry(PARCEL)
        assert (reply.again, reply.taken) == (then == "again", False)
        assert said.partition(" ")[2] in reply.error
        assert OPS in reply.error
        assert carrier.carry(PARCEL).taken


def test_a_server_that_breaks_off_is_away_or_knows_us_not_is_tried_again() -> None:
    with served("none", user="ada", password="wrong") as (box, carrier):
        box.login = "535 who are you"
        assert (carrier.carry(PARCEL).again, box.got) == (True, [])
    with served() as (box, carrier):
        box.breaks = 1
        assert carrier.carry(PARCEL).again
        assert carrier.carry(PARCEL).taken
    away = carrier.carry(PARCEL)
    assert (away.again, away.taken) == (True, False)


def test_without_a_mail_server_it_is_said() -> None:
    assert MailCarrier(Server(host="")).carry(PARCEL) == Reply(error=NOT_SET, again=True)


def test_a_connection_that_is_not_private_is_not_used_where_it_must_be() -> None:
    with mail.running() as box:
        server = Server(host="127.0.0.1", port=box.port, sender="q@acme.example")
        reply = MailCarrier(server).carry(PARCEL)
        assert (reply.again, box.got) == (True, [])
