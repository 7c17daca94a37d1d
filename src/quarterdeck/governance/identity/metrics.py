"""What identity says in numbers, from the database: as true when no worker lives."""

from dataclasses import asdict
from datetime import datetime

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


def show(count: Count, ends: list[datetime], now: datetime, gaps: int) -> None:
    """Show what is known of users, how soon secrets end, and what could not be read."""
    USERS.set(count.users)
    for name, many in asdict(count).items():
        question, _, answer = name.partition("_")
        if answer:
            ANSWERS.labels(question, answer).set(many)
    ended = sum(end <= now for end in ends)
    CREDENTIALS.labels("ended").set(ended)
    CREDENTIALS.labels("ends_soon").set(len(ends) - ended)
    GAPS.set(gaps)
