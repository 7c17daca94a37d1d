"""Webhooks reach what is public, and what a setting names; whatever a name resolves to."""

import socket
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from threading import Thread

import pytest
from typing_extensions import override

from quarterdeck.kernel.settings import Settings, UnusableSetting
from quarterdeck.operations.routing.model import Webhook
from quarterdeck.providers.webhook import reach
from quarterdeck.providers.webhook.notifier import HttpNotifier
from quarterdeck.providers.webhook.reach import may_reach, networks_of
from quarterdeck.providers.webhook.sender import HttpSender

INSIDE = (
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",  # noqa: S104  nothing is bound
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fd00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "fec0::1",
    "64:ff9b:1::7f00:1",
    "::127.0.0.1",
    "::1.1.1.1",
    "::ffff:0:127.0.0.1",
    "::ffff:0:1.1.1.1",
)


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_not_public_is_not_reached(address: str) -> None:
    assert not may_reach(ip_address(address), ())


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111", "64:ff9b::101:101"])
def test_what_is_public_is(address: str) -> None:
    assert may_reach(ip_address(address), ())


def test_a_setting_opens_a_network_and_nothing_beside_it() -> None:
    allowed = networks_of("10.1.0.0/16, fd00::/8")
    assert may_reach(ip_address("10.1.2.3"), allowed)
    assert may_reach(ip_address("::ffff:10.1.2.3"), allowed)
    assert may_reach(ip_address("fd00::1"), allowed)
    assert may_reach(ip_address("fec0::1"), networks_of("fec0::/10"))
    assert not may_reach(ip_address("10.2.0.1"), allowed)
    with pytest.raises(UnusableSetting, match="webhook_networks must be a network"):
        Settings(webhook_networks="10.1.0.0/16,everything")


Asked = tuple[str, list[str], list[str | None]]


@pytest.fixture
def asked() -> Iterator[Asked]:
    """A server on loopback, and Host and Authorization of each request that it got."""
    hosts: list[str] = []
    credentials: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hosts.append(self.headers["Host"])
            credentials.append(self.headers["Authorization"])
            self.send_response(204)
            self.end_headers()

        @override
        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield str(server.server_port), hosts, credentials
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_is_asked_nothing_unless_a_setting_allows(asked: Asked, host: str) -> None:
    port, hosts, _ = asked
    with closing(HttpSender()) as sender:
        answer = sender.send(f"http://{host}:{port}/", {}, b"{}")
    assert (answer.status, hosts) == (None, [])
    assert "which is not public; allow it by the setting webhook_networks" in answer.error
    with closing(HttpSender("127.0.0.0/8,::1/128")) as sender:
        assert sender.send(f"http://{host}:{port}/", {}, b"{}").status == 204
    assert hosts == [f"{host}:{port}"]


def test_a_name_is_resolved_once_and_asked_where_it_was_checked(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, hosts, _ = asked
    answers = ["127.0.0.1", "169.254.169.254"]
    resolutions: list[str] = []

    def rebinding(host: str, at: int, **_: object) -> list[object]:
        resolutions.append(host)
        address = answers[min(len(resolutions) - 1, 1)]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, at))]

    monkeypatch.setattr(reach, "getaddrinfo", rebinding)
    with closing(HttpSender("127.0.0.0/8")) as sender:
        assert sender.send(f"http://hooks.example:{port}/", {}, b"{}").status == 204
    assert (resolutions, hosts) == (["hooks.example"], [f"hooks.example:{port}"])


def test_a_name_of_which_one_address_is_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))
        for address in ("1.1.1.1", "10.0.0.1")
    ]
    monkeypatch.setattr(reach, "getaddrinfo", lambda *_, **__: found)
    with closing(HttpSender()) as sender:
        answer = sender.send("https://hooks.example/", {}, b"{}")
    assert "hooks.example is 10.0.0.1" in answer.error


def test_a_name_without_an_address_is_an_answer_too() -> None:
    with closing(HttpSender()) as sender:
        answer = sender.send("https://nowhere.invalid/", {}, b"{}")
    assert (answer.status, "has no address" in answer.error) == (None, True)


@pytest.mark.parametrize("url", ["https://m\u00fcller.example/", "https://1.1.1.1/caf\u00e9"])
def test_an_address_beyond_ascii_is_an_answer_too(url: str) -> None:
    with closing(HttpSender()) as sender:
        answer = sender.send(url, {}, b"{}")
    assert (answer.status, answer.error) == (None, "the address has letters beyond ASCII")


def test_a_receiver_of_alerts_is_asked_where_webhooks_are(asked: Asked) -> None:
    port, hosts, _ = asked
    to = Webhook(url=f"http://127.0.0.1:{port}/", timeout_s=5)
    with closing(HttpNotifier()) as notifier:
        reply = notifier.notify(to, "key", 1, b"{}")
    assert (reply.status, reply.again, hosts) == (None, True, [])
    assert "which is not public; allow it by the setting webhook_networks" in reply.error
    with closing(HttpNotifier("127.0.0.0/8")) as notifier:
        assert notifier.notify(to, "key", 1, b"{}").taken
    assert hosts == [f"127.0.0.1:{port}"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://ada:s%40cret@127.0.0.1:{}/", "Basic " + b64encode(b"ada:s@cret").decode()),
        ("http://127.0.0.1:{}/caf\u00e9", None),
    ],
)
def test_an_address_of_a_receiver_may_bear_its_credential_and_any_letters(
    asked: Asked, url: str, expected: str | None
) -> None:
    port, _, said = asked
    with closing(HttpNotifier("127.0.0.0/8")) as notifier:
        reply = notifier.notify(Webhook(url=url.format(port), timeout_s=5), "key", 1, b"{}")
    assert (reply.taken, reply.status) == (True, 204)
    assert said[-1] == expected
