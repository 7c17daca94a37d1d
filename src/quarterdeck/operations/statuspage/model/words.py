"""Words that strangers read: which are refused. Pure."""

import re

from quarterdeck.operations.statuspage.model.faults import UnusableStatusPage

NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""What nobody sees, no feed may hold (XML 1.0, 2.2), and no database stores."""

MAX_NAME, MAX_LINE, MAX_TEXT, MAX_MANY = 63, 200, 10_000, 200


def check_name(what: str, name: str) -> None:
    """Refuse what cannot stand in an address; raise UnusableStatusPage."""
    if not NAME.fullmatch(name):
        raise UnusableStatusPage(
            f"{name[:80]!r} is no {what}; expected a-z, 0-9 and dashes, at most {MAX_NAME}"
        )


def check_line(what: str, line: str, *, least: int = 0) -> None:
    """Refuse what is no line of text; raise UnusableStatusPage."""
    if not least <= len(line.strip()) or len(line) > MAX_LINE:
        raise UnusableStatusPage(f"{what} has {least} to {MAX_LINE} characters")
    if UNSEEN.search(line) or "\n" in line or "\r" in line:
        raise UnusableStatusPage(f"{what} must be one line, without control characters")


def check_text(what: str, text: str, *, least: int = 0) -> None:
    """Refuse what is too long, missing, or cannot be stored; raise UnusableStatusPage."""
    if not least <= len(text.strip()) or len(text) > MAX_TEXT:
        raise UnusableStatusPage(f"{what} has {least} to {MAX_TEXT} characters")
    if UNSEEN.search(text):
        raise UnusableStatusPage(f"{what} must have no control characters")


def check_link(link: str) -> None:
    """Refuse a link that does anything but lead to the web or to mail; raise UnusableStatusPage."""
    check_line("the support link", link)
    if link and not link.startswith(("https://", "http://", "mailto:")):
        raise UnusableStatusPage("the support link begins with https:// or mailto:")
