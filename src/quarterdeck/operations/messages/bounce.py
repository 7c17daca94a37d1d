"""A report that a mail came back (RFC 3464). Pure."""

from dataclasses import dataclass
from email.message import EmailMessage, Message
from email.parser import Parser
from email.policy import default

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
    """What a report says; raise UnreadableBounce."""
    parts = list(Parser(_class=EmailMessage, policy=default).parsestr(report).walk())
    groups = [part for part in parts if part.get_content_type() == "message/delivery-status"]
    fields = groups[0].get_payload() if groups else []
    recipients = [one for one in fields if isinstance(one, Message) and "Action" in one]
    if not recipients:
        raise UnreadableBounce("expected multipart/report with message/delivery-status (RFC 3464)")
    first = recipients[0]
    return Bounce(
        message=_message(parts),
        failed=str(first["Action"]).strip().lower() == FAILED,
        why=_why(first),
    )


def _message(parts: list[EmailMessage]) -> str:
    """The id in the headers of the mail that came back: they stand behind those of the report."""
    found = [_id(part) for part in parts[1:]]
    known = next((one for one in found if one), "")
    if not known:
        raise UnreadableBounce("expected the headers of the mail that came back, with Message-ID")
    return known.strip().strip("<>").partition("@")[0]


def _id(part: EmailMessage) -> str:
    if part.get_content_type() == "text/rfc822-headers":
        return str(Parser().parsestr(str(part.get_payload()))["Message-ID"] or "")
    return str(part["Message-ID"] or "")


def _why(one: Message) -> str:
    said = str(one["Diagnostic-Code"] or "").partition(";")[2].strip()
    return " ".join(f"{one['Status'] or ''} {said}".split())[:MOST_WORDS]
