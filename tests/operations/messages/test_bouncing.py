"""Mails that were taken and came back."""

from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from operations.messages.stage import Stage
from quarterdeck.kernel import outbox
from quarterdeck.kernel.errors import Conflict
from quarterdeck.operations.messages.bounce import UnreadableBounce, read
from quarterdeck.operations.messages.model import NoSuchMessage, Urgency, Where
from quarterdeck.operations.messages.service.bouncing import came_back
from quarterdeck.operations.messages.store.table import messages
from servers.mail import MailBox

NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)
REPORT = """\
Message-ID: <report@mail.example.com>
Content-Type: multipart/report; report-type=delivery-status; boundary="=part"

--=part

It could not be delivered.

--=part
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.com

Final-Recipient: rfc822; {to}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {words}

--=part
Content-Type: message/rfc822

{mail}

--=part--
"""


def report(
    box: MailBox, action: str = "failed", status: str = "5.2.2", words: str = "552 mailbox full"
) -> str:
    """What a mail server says of the last mail that came, with the whole of it behind."""
    [*_, last] = box.got
    return REPORT.format(
        to=last.recipients[0],
        action=action,
        status=status,
        words=words,
        mail=last.message.as_string(),
    )


def mailed(stage: Stage) -> None:
    stage.post("ada@acme.example", where=Where.MAIL, urgency=Urgency.PAGE)
    stage.settle()
    assert stage.states() == ["sent"]


def test_what_came_back_is_a_dead_letter_once(stage: Stage, box: MailBox) -> None:
    stage.now = NOON
    mailed(stage)
    for _ in range(2):
        with stage.work() as work:
            one = came_back(work, report(box))
        assert (one.state, one.error) == ("failed", "bounced: 5.2.2 552 mailbox full")
    with stage.engine.connect() as db:
        told = [f for f in outbox.after(db, "acme", 0, 100) if f.name == "MessageRefused"]
    assert [fact.payload["why"] for fact in told] == ["bounced: 5.2.2 552 mailbox full"]


def test_what_is_only_late_stays_as_it_is(stage: Stage, box: MailBox) -> None:
    mailed(stage)
    with stage.work() as work:
        came_back(work, report(box, "delayed", "4.4.1", "no answer yet"))
    assert stage.states() == ["sent"]


def test_a_report_of_a_mail_that_is_not_ours_is_refused(stage: Stage, box: MailBox) -> None:
    mailed(stage)
    foreign = report(box).replace(stage.all()[0].id, "0" * 32)
    with stage.work() as work, pytest.raises(NoSuchMessage):
        came_back(work, foreign)


BROKEN: dict[str, Callable[[str], str]] = {
    "nothing": lambda _: "",
    "no report": lambda _: "It could not be delivered.",
    "no status": lambda text: text.replace("message/delivery-status", "text/plain"),
    "no action": lambda text: text.replace("Action: failed", "Nothing: said"),
    "no mail": lambda text: text[: text.index("Content-Type: message/rfc822")],
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_what_is_no_report_is_refused(
    stage: Stage, box: MailBox, broken: Callable[[str], str]
) -> None:
    mailed(stage)
    with pytest.raises(UnreadableBounce):
        read(broken(report(box)))


@pytest.mark.parametrize("id_", ["<>", "<[", "<a@[", "", "@", "(", "<a..b@c>"])
def test_an_id_that_is_none_breaks_nothing(id_: str) -> None:
    mail = f"Message-ID: {id_}\n\nHello"
    text = REPORT.format(to="a@b", action="failed", status="5.1.1", words="no", mail=mail)
    try:
        read(text)
    except UnreadableBounce:
        return


def test_parts_within_parts_without_end_are_refused() -> None:
    def part(n: int) -> str:
        return f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n'

    with pytest.raises(UnreadableBounce):
        read("".join(map(part, range(3000))))


HEADERS = b64encode(b"Subject: x\nMessage-ID: <m-1@acme.example>\n\n").decode()
TWO = f"""\
Content-Type: multipart/report; report-type=delivery-status; boundary="=part"

--=part
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.com

Final-Recipient: rfc822; list@example.com
Action: relayed

Final-Recipient: rfc822; ada@example.com
Action: failed (nobody of that name)
Status: 5.1.1

--=part
Content-Type: text/rfc822-headers
Content-Transfer-Encoding: base64

{HEADERS}

--=part--
"""


def test_of_several_recipients_that_counts_of_whom_it_failed() -> None:
    said = read(TWO)
    assert (said.message, said.failed, said.why) == ("m-1", True, "5.1.1")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_what_came_back_before_it_was_written_down_is_to_be_said_again(
    stage: Stage, box: MailBox
) -> None:
    mailed(stage)
    with stage.engine.begin() as db:  # the server was quicker than we
        db.execute(update(messages).values(state="sending"))
    with stage.work() as work, pytest.raises(Conflict, match="report it again"):
        came_back(work, report(box))


@given(st.text(max_size=400))
def test_no_text_breaks_the_reader(text: str) -> None:
    head = "Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/"
    for one in (text, f"{head}delivery-status\n\n{text}\n--x--", f"{head}{text}"):
        try:
            read(one)
        except UnreadableBounce:
            continue
