"""A mail. Pure.

The headers are those of RFC 5322, and RFC 3834: nobody's machine answers this one. What can be
left is left by one press (RFC 8058).
"""

from collections.abc import Iterator
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256

from quarterdeck.operations.messages.bundling import REPEAT, headline, mark, shortened
from quarterdeck.operations.messages.model import UNSUBSCRIBE, Content

MOST_SUBJECT, MOST_TEXT = 200, 100_000
REPEATED = "X-Quarterdeck-Repeat"


def mail(
    content: Content, sender: str, to: str, about: str, *, repeat: bool = False
) -> EmailMessage:
    """What is told, as a mail; those about one thing stand in one thread.

    ``repeat``: the receiver may have it already; whoever reads is told so.
    """
    made = EmailMessage()
    again = "Repeat: " if repeat else ""
    made["Subject"] = shortened(f"{again}{mark(content)}{headline(content)}", MOST_SUBJECT)
    made["From"] = sender
    made["To"] = to
    made["Auto-Submitted"] = "auto-generated"
    made["References"] = f"<{sha256(about.encode()).hexdigest()[:32]}@{host_of(sender)}>"
    for label, url in content.links:
        if label == UNSUBSCRIBE and "List-Unsubscribe" not in made:
            made["List-Unsubscribe"] = f"<{url}>"
            made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    first = [REPEAT, ""] if repeat else []
    made.set_content("\n".join([*first, *_lines(content)]) + "\n")
    return made


def addressed(made: EmailMessage, id_: str, at: datetime, repeat: int) -> EmailMessage:
    """The mail with its id, which stays the same, and when and how often it was sent."""
    made["Message-ID"] = f"<{id_}@{host_of(str(made['From']))}>"
    made["Date"] = format_datetime(at)
    if repeat:
        made[REPEATED] = str(repeat)
    return made


def host_of(sender: str) -> str:
    """The host of a mail address, which may stand in angle brackets."""
    return sender.rpartition("@")[2].rstrip("> ") or "localhost"


def _lines(content: Content) -> Iterator[str]:
    yield headline(content)
    if content.text:
        yield from ("", shortened(content.text, MOST_TEXT))
    if content.facts:
        yield ""
        yield from (f"{label}: {value}" for label, value in content.facts)
    if content.links:
        yield ""
        yield from (f"{label}: {url}" for label, url in content.links)
