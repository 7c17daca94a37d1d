"""What identity says in numbers, from the database: as true when no worker lives."""

from dataclasses import asdict
from datetime import datetime
from math import nan

from prometheus_client import Gauge

from quarterdeck.governance.identity.model.views import Count

USERS = Gauge("quarterdeck_identity_users", "Users of all directories.")
ANSWERS = Gauge(
    "quarterdeck_identity_answers",
    "Users by each question that is asked of them, and its answer.",
    ["question", "answer"],
)
CREDENTIALS = Gauge(
    "quarterdeck_identity_credentials",
    "Secrets and certificates that ended, or end within 30 days.",
    ["state"],
)
GAPS = Gauge("quarterdeck_identity_unread_listings", "Listings that could not be read.")


def show(count: Count | None, ends: list[datetime], now: datetime, gaps: int) -> None:
    """Show what is known of users, how soon secrets end, and what could not be read.

    ``count`` None: no directory was read yet, and nothing of it is shown as a number.
    """
    ANSWERS.clear()
    CREDENTIALS.clear()
    GAPS.set(gaps if count is not None or gaps else nan)
    USERS.set(nan if count is None else count.users)
    if count is not None:
        _show_known(count, sum(end <= now for end in ends), len(ends))


def _show_known(count: Count, ended: int, ends: int) -> None:
    for name, many in asdict(count).items():
        question, _, answer = name.partition("_")
        if answer:
            ANSWERS.labels(question, answer).set(many)
    CREDENTIALS.labels("ended").set(ended)
    CREDENTIALS.labels("ends_soon").set(ends - ended)
