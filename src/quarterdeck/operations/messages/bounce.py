"""A report that a mail came back (RFC 3464). Pure."""

from dataclasses import dataclass
from email.message import Message
from email.parser import Parser

from quarterdeck.kernel.errors import Invalid

FAILED = "failed"
MOST_WORDS = 300


class UnreadableBounce(Invalid):
    """It is no report of what became of a mail, or does not say of which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """What became of a mail after it was taken.

    Attributes:
        message: the id of the message that it was.
        failed: it will not be delivered; otherwise it is only late.
        why: in the words of whoever could not.
    """

    message: str
    failed: bool
    why: str


def read(report: str) -> Bounce:
    """What a report says; raise UnreadableBounce.

    Of several recipients, that of whom it failed: each message goes to one, who may have been
    relayed on the way.
    """
    try:
        parts = list(Parser().parsestr(report).walk())
    except RecursionError as error:
        raise UnreadableBounce("parts within parts without end") from error
    groups = [part for part in parts if part.get_content_type() == "message/delivery-status"]
    fields = groups[0].get_payload() if groups else []
    recipients = [one for one in fields if isinstance(one, Message) and "Action" in one]
    if not recipients:
        raise UnreadableBounce("expected multipart/report with message/delivery-status (RFC 3464)")
    one = next(filter(_failed, recipients), recipients[0])
    return Bounce(message=_message(parts), failed=_failed(one), why=_why(one))


def _failed(one: Message) -> bool:
    """What stands behind the word is a comment."""
    return str(one["Action"]).split("(")[0].strip().lower() == FAILED


def _message(parts: list[Message]) -> str:
    """The id in the headers of the mail that came back: they stand behind those of the report."""
    found = [_id(part) for part in parts[1:]]
    known = next((one for one in found if one), "")
    if not known:
        raise UnreadableBounce("expected the headers of the mail that came back, with Message-ID")
    return known.strip().strip("<>").partition("@")[0]


def _id(part: Message) -> str:
    if part.get_content_type() == "text/rfc822-headers":
        given = part.get_payload(decode=True)
        text = given.decode(errors="replace") if isinstance(given, bytes) else ""
        return str(Parser().parsestr(text)["Message-ID"] or "")
    return str(part["Message-ID"] or "")


def _why(one: Message) -> str:
    said = str(one["Diagnostic-Code"] or "").partition(";")[2].strip()
    return " ".join(f"{one['Status'] or ''} {said}".split())[:MOST_WORDS]
