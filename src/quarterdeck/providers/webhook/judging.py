"""What an answer over HTTP means for what was sent. Pure."""

from datetime import timedelta

from quarterdeck.operations.sending.model import Reply
from quarterdeck.providers.webhook.sender import Exchange

TOO_MANY, TOO_SLOW, SERVERS = 429, 408, 500
LONGEST_WAIT_S = 3600
MOST_WORDS = 300


def judged(got: Exchange) -> Reply:
    """Taken, or not; whether to try again, and when."""
    if got.status is None:
        return Reply(error=got.error or "no answer", again=True)
    if got.taken:
        return Reply(status=got.status)
    words = f"{got.status}: {got.text[:MOST_WORDS]}"
    again = got.status >= SERVERS or got.status in (TOO_MANY, TOO_SLOW)
    return Reply(status=got.status, error=words, again=again, after=asked_wait(got))


def asked_wait(got: Exchange) -> timedelta | None:
    """How long the receiver asked to be left alone, in whole seconds (RFC 9110, 10.2.3)."""
    asked = got.headers.get("retry-after", "").strip()
    if not asked.isdecimal() or len(asked) > len(str(LONGEST_WAIT_S)):
        return timedelta(seconds=LONGEST_WAIT_S) if asked.isdecimal() else None
    return timedelta(seconds=min(int(asked), LONGEST_WAIT_S))
