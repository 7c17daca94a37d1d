"""What happens to the page of an incident, in words for its timeline. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

TOGETHER = "together with "
Said = Mapping[str, Any]


def words(name: str, said: Said) -> str:
    """A line for the timeline; empty: another line says it."""
    put = WORDS.get(name)
    return put(said) if put else ""


def _told(said: Said) -> str:
    level, _, kind = said["step"].partition("/")
    if said["why"].startswith(TOGETHER):
        return ""
    if not said["count"]:
        return f"{level} not told: {said['why']}"
    wanted = "must join" if kind.startswith("engage") else "told"
    return f"{level} {wanted}: {', '.join(said['who'])}"


WORDS: Mapping[str, Callable[[Said], str]] = {
    "PageOpened": lambda said: f"Page opened: {said['policy']}, {said['severity']}",
    "PageTold": _told,
    "PageAcknowledged": lambda said: (
        f"Page acknowledged by {said['acknowledged_by']} ({said['means']})"
    ),
    "PageWantedAgain": lambda said: (
        f"Page wants somebody again: {said['acknowledged_by']} has not resolved it"
    ),
    "PageChanged": lambda said: f"Page changed: {said['why']}",
    "PageResolved": lambda said: (
        f"Page resolved by {said['resolved_by']}" if said["resolved_by"] else "Page resolved"
    ),
    "PageLate": lambda said: f"Page late: {said['step']}: {said['why']}",
}
"""By the name of the fact."""
