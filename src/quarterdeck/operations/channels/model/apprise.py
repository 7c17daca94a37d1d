"""Addresses as Apprise has them, and which of them no installation sends by. Pure."""

import re
from urllib.parse import unquote

SCHEMA = re.compile(r"([0-9a-z]{1,24})://.+", re.IGNORECASE)

LOCAL = frozenset(
    {
        *("dbus", "kde", "qt", "glib", "gio", "gnome"),
        *("macosx", "windows", "syslog", "blink1", "file"),
    }
)
"""What acts on the machine that sends: its desktop, its log, what is plugged into it, its files."""

FILES = frozenset({"keyfile", "subfile", "pgppub", "pgpprv"})
"""What an address names files of the machine by. Answers differ by whether there are such."""

TEMPLATE = "template"
BY_ID = frozenset(
    {
        *("pushplus", "wecom", "notifyre", "gupshup", "onesignal", "awswhatsapp"),
        *("sendgrid", "sendpulse", "whatsapp", "kaleyra", "klr"),
    }
)
"""Services whose template is one that they keep; with all others it is a file."""

ASKED = re.compile("[?&;]")


def unusable(address: str) -> str:
    """Why nothing can be sent by an address; empty: it may be. It is not repeated."""
    found = SCHEMA.fullmatch(address)
    if not found or " " in address:
        return "one address, which begins with SERVICE://"
    if found[1].lower() in LOCAL:
        return f"{found[1].lower()}:// acts on the machine that sends, and reaches nobody"
    if name := _file(found[1].lower(), address):
        return f"{name}= names a file of this machine, and none is read"
    return ""


def _file(schema: str, address: str) -> str:
    """By what an address names a file; empty: by nothing."""
    files = FILES if schema in BY_ID else FILES | {TEMPLATE}
    asked = (one.partition("=")[0] for one in ASKED.split(_plain(address))[1:])
    return next((name for one in asked if (name := one.lower().strip(" +")) in files), "")


def _plain(address: str) -> str:
    """However often its letters were written as percentages."""
    while (once := unquote(address)) != address:
        address = once
    return address
