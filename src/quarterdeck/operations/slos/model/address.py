"""Whether an address can be asked at all. Pure."""

from urllib.parse import urlsplit


def fault_of(url: object) -> str:
    """Why ``url`` can never be asked; "": it can."""
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        return "url begins with https:// or http://"
    if not url.isascii():
        return "url has letters beyond ASCII"
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname and parts.hostname.encode("idna")) and parts.port != 0
    except ValueError as error:
        return f"url cannot be used: {error}"
    return "" if named else "url names no host, or no port"
