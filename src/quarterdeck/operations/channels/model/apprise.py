"""Addresses as Apprise has them, and which of them no installation sends by. Pure."""

import re

SCHEMA = re.compile(r"([0-9a-z]{1,24})://.+", re.IGNORECASE)

LOCAL = frozenset(
    {
        *("dbus", "kde", "qt", "glib", "gio", "gnome"),
        *("macosx", "windows", "syslog", "blink1", "file"),
    }
)
"""What acts on the machine that sends: its desktop, its log, what is plugged into it, its files."""


def unusable(address: str) -> str:
    """Why nothing can be sent by an address; empty: it may be. It is not repeated."""
    found = SCHEMA.fullmatch(address)
    if not found or " " in address:
        return "one address, which begins with SERVICE://"
    if found[1].lower() in LOCAL:
        return f"{found[1].lower()}:// acts on the machine that sends, and reaches nobody"
    return ""
