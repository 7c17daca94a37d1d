"""Deliveries by Apprise to real servers, and what they may not do."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event
from warnings import catch_warnings

import pytest
from apprise.manager_plugins import NotificationManager

from quarterdeck.operations.channels.model.channel import Channel, Kind
from quarterdeck.operations.messages.bundling import CUT, REPEAT
from quarterdeck.operations.messages.model import Content
from quarterdeck.operations.messages.ports import Parcel
from quarterdeck.operations.sending.model import Reply
from quarterdeck.providers.apprise import carrier as carrying
from quarterdeck.providers.apprise.carrier import AppriseCarrier
from quarterdeck.providers.apprise.judging import TOOK
from quarterdeck.providers.apprise.service import UNENCRYPTED
from servers import sink
from servers.mail import MailBox
from servers.sink import Said, Sink

PATIENCE_S = 60.0  # however busy the machine is
LOOPBACK = "127.0.0.0/8,::1/128"
DOWN = Content(
    title="Database down",
    text="Nobody can pay.",
    severity="critical",
    state="firing",
    facts=(("service", "atp-database"),),
)


def parcel(url: str, content: Content = DOWN, attempt: int = 1) -> Parcel:
    return Parcel(
        id="m1",
        tenant="acme",
        kind=Kind.APPRISE,
        address="Acme Operations",
        channel=Channel(name="ops", kind=Kind.APPRISE),
        secret=url,
        contents=(content,),
        about="page/7",
        attempt=attempt,
        at=datetime(2026, 1, 7, tzinfo=UTC),
    )


def carried(url: str, networks: str = LOOPBACK, content: Content = DOWN) -> Reply:
    return AppriseCarrier(networks, os.environ, PATIENCE_S).carry(parcel(url, content))


def at(came: Sink, path: str, schema: str = "json") -> str:
    return f"{schema}://{came.url.removeprefix('http://')}{path}"


@pytest.mark.parametrize("schema", ["json", "xml", "form"])
def test_what_is_told_comes_out_at_a_server_of_ones_own(came: Sink, schema: str) -> None:
    assert carried(at(came, "/hook", schema)) == Reply()
    [got] = came.of("/hook")
    for words in (b"Database", b"Nobody", b"atp-database", b"failure"):
        assert words in got.raw
    assert got.headers["user-agent"] == "Quarterdeck"


def test_ntfy_gets_a_title_and_a_message_and_a_repeat_says_so(came: Sink) -> None:
    by = AppriseCarrier(LOOPBACK, {}, PATIENCE_S)
    assert by.carry(parcel(at(came, "/a-topic", "ntfy"), attempt=2)).taken
    [got] = came.of("/")
    assert (got.body["topic"], got.body["title"]) == ("a-topic", "[CRITICAL] Database down")
    assert got.body["message"].startswith(f"{REPEAT}\n\nNobody can pay.")


def test_several_recipients_of_one_address_are_told_in_its_time(came: Sink) -> None:
    topics = ["one", "two", "three", "four", "five", "six", "seven"]
    assert carried(at(came, f"/{'/'.join(topics)}", "ntfy")) == Reply()
    assert {one.body["topic"] for one in came.of("/")} == set(topics)


def test_a_mail_goes_by_a_server_of_ones_own_and_its_refusals_are_understood(box: MailBox) -> None:
    url = f"mailto://ada:passw0rd@127.0.0.1:{box.port}?to=ops@acme.example&from=q@acme.example"
    assert carried(url) == Reply()
    [got] = box.to("ops@acme.example")
    assert (got.message["Subject"], got.user) == ("[CRITICAL] Database down", "ada")
    box.refuses["ops@acme.example"] = ["550 no such person", "450 later"]
    gone, later = carried(url), carried(url)
    assert (gone.status, gone.again) == (550, False)
    assert gone.error.startswith("550: no such person")
    assert (later.status, later.again) == (450, True)
    box.login = "535 who are you"
    unknown = carried(url)
    assert (unknown.status, unknown.again, "passw0rd" in unknown.error) == (535, False, False)


def test_a_mail_of_which_one_recipient_is_gone_is_not_repeated(box: MailBox) -> None:
    way = f"mailto://ada:passw0rd@127.0.0.1:{box.port}?from=q@x.example&to=ada@x.example"
    for asked in ("&cc=gone@x.example", ",gone@x.example"):
        box.refuses["gone@x.example"] = ["550 no such user"]
        reply = carried(way + asked)
        assert (reply.status, reply.again) == (550, False)
        assert reply.error.startswith(f"550: no such user; {TOOK}; ")
    assert len(box.to("ada@x.example")) == 2


def test_a_message_decides_nothing_and_is_not_in_what_is_said_of_it(box: MailBox) -> None:
    facts = (("says", "(550, b'no such user')"), ("open", "(550, b'"))
    link = "https://q.example/answer/once-only-token"
    content = replace(DOWN, facts=facts, links=(("Answer", link),))
    reply = carried("json://127.0.0.1:1/x", content=content)
    assert (reply.status, reply.again, "once-only" in reply.error) == (None, True, False)
    box.refuses["ada@x.example"] = [f"550 spam: {link}"]
    way = f"mailto://ada:passw0rd@127.0.0.1:{box.port}?from=q@x.example&to=ada@x.example"
    refused = carried(way, content=content)
    assert refused.error.startswith("550: spam: ***")
    assert "once-only" not in refused.error


def test_of_several_recipients_one_that_may_take_it_later_decides(came: Sink) -> None:
    came.answers["/"] = [404, 503]
    reply = carried(at(came, "/one/two", "ntfy"))
    assert (reply.status, reply.again) == (503, True)


@pytest.mark.parametrize(
    ("status", "again"), [(500, True), (503, True), (429, True), (404, False), (401, False)]
)
def test_a_failure_says_whether_trying_again_helps_and_no_secret(
    came: Sink,
    status: int,
    again: bool,  # noqa: FBT001  a parameter of the test
) -> None:
    url = at(came, "/a-secret?+X-Token=another-secret&optional=yes&retry=5&wait=1")
    came.answers["/a-secret"] = [status]
    reply = carried(url)
    assert (reply.status, reply.again, len(came.got)) == (status, again, 1)
    assert f"error={status}" in reply.error
    assert "secret" not in reply.error
    assert carried(url).taken


def test_what_grows_in_a_form_is_still_one_message(box: MailBox) -> None:
    way = f"127.0.0.1:{box.port}?to=ops@acme.example&from=q@acme.example"
    url = f"mailto://ada:passw0rd@{way}&format=html&overflow=split"
    assert carried(url, content=replace(DOWN, text="<" * 50_000)).taken
    assert len(box.got) == 1


def test_a_server_that_is_away_is_tried_again() -> None:
    reply = carried("json://127.0.0.1:1/a-secret")
    assert (reply.status, reply.again) == (None, True)
    assert "127.0.0.1" in reply.error


def test_who_does_not_answer_in_time_is_given_up(came: Sink) -> None:
    came.answers["/hook"] = [held := Event()]
    reply = AppriseCarrier(LOOPBACK, {}, timeout_s=2.0).carry(parcel(at(came, "/hook")))
    held.set()
    assert (reply.error, reply.again) == ("no whole answer within 2 s", True)


def test_only_so_many_are_under_way_at_once(came: Sink) -> None:
    full = AppriseCarrier(LOOPBACK, {}, timeout_s=0.01, at_once=0).carry(parcel(at(came, "/hook")))
    assert (full.again, came.got) == (True, [])
    assert full.error == "too many deliveries by Apprise are under way"
    by = AppriseCarrier(LOOPBACK, {}, PATIENCE_S, at_once=1)
    assert all(by.carry(parcel(at(came, "/hook"))).taken for _ in range(2))


def test_what_has_no_room_is_seen_to_be_cut(came: Sink) -> None:
    long = replace(DOWN, title="t" * 400, text="x" * 50_000)
    assert carried(at(came, "/hook"), content=long).taken
    [got] = came.of("/hook")
    assert (len(got.body["title"]), len(got.body["message"])) == (250, 32_768)
    assert got.body["title"].endswith(CUT)
    assert got.body["message"].endswith(CUT)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_what_is_not_public_is_not_reached_unless_the_setting_allows(came: Sink, host: str) -> None:
    port = came.url.rpartition(":")[2]
    reply = carried(f"json://{host}:{port}/hook", networks="10.0.0.0/8")
    assert (came.got, reply.again) == ([], True)
    assert "is not public; allow it by the setting webhook_networks" in reply.error
    metadata = carried("json://169.254.169.254/latest/meta-data", networks="127.0.0.0/8")
    assert metadata.error.startswith("refused: 169.254.169.254 is not public")


@pytest.mark.parametrize(
    "url",
    [
        "json://1.1.1.1/x",
        "jsons://1.1.1.1/x?verify=no",
        "jsons://1.1.1.1/x?VERIFY=%6eo",
        "mailto://ada:passw0rd@1.1.1.1?to=a@acme.example&from=q@acme.example",
        "mailtos://ada:passw0rd@1.1.1.1?to=a@x.example&from=q@x.example&mode=insecure",
        "rsyslog://1.1.1.1",
        f"nostr://{'1' * 64}?relay=ws://1.1.1.1",
    ],
)
def test_what_is_public_is_reached_encrypted_and_verified_alone(url: str) -> None:
    reply = carried(url)
    assert "1.1.1.1 is public, and would not be reached encrypted and verified" in reply.error
    assert not reply.again


def test_which_services_are_asked_unencrypted_is_known() -> None:
    with catch_warnings(action="ignore", category=DeprecationWarning):  # of what Apprise imports
        plugins = list(NotificationManager().plugins())  # type: ignore[no-untyped-call]  # so
    assert len(plugins) > 180
    for plugin in plugins:
        urls = [
            value
            for name, value in vars(plugin).items()
            if isinstance(value, str) and name not in ("service_url", "setup_url")
        ]
        if any(one.startswith("http://") for one in urls):
            assert plugin.schemas(plugin) <= UNENCRYPTED, plugin


@pytest.mark.parametrize("asked", ["", "?redirect=yes"])
def test_no_redirect_is_followed(came: Sink, asked: str) -> None:
    away = (("Location", f"{came.url}/elsewhere"),)
    came.answers["/hook"] = [Said(status=307, headers=away)]
    reply = carried(at(came, f"/hook{asked}"))
    assert (reply.status, reply.again) == (307, False)
    assert came.of("/elsewhere") == []


def test_no_proxy_of_the_environment_is_asked(came: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    with sink.running() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        assert carried(at(came, "/hook")).taken
        assert (len(came.got), proxy.got) == (1, [])


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("fcm://project/device-1?keyfile=/etc/passwd", "a file of this machine"),
        ("slack://a/b/c?template=/etc/passwd", "a file of this machine"),
        ("syslog://local5", "acts on the machine"),
        ("SysLog://here", "acts on the machine"),
        ("growl://localhost", "disabled on this system"),  # it needs a package of its own
        ("pigeon://a-secret/another", "reads no such address"),
        ("json:///", "reads no such address"),
        ("https://example.org/a-secret", "reads no such address"),
    ],
)
def test_what_cannot_be_sent_is_not_tried_again(url: str, why: str) -> None:
    reply = carried(url)
    assert why in reply.error
    assert (reply.again, "a-secret" in reply.error) == (False, False)


def test_without_apprise_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrying, "find_spec", lambda _: None)
    reply = carried("json://127.0.0.1:1/x")
    assert (reply.again, "pip install 'quarterdeck[apprise]'" in reply.error) == (True, True)


def test_a_process_that_breaks_is_an_answer_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrying, "CHILD", "quarterdeck.nowhere")
    reply = carried("json://127.0.0.1:1/x")
    assert (reply.again, reply.error) == (True, "Apprise ended without an answer (1)")
