"""An issue, and what is said of it later. Pure.

A summary has 255 characters at most and no line break, a text 32,767;
https://developer.atlassian.com/cloud/jira/platform/rest/v2.
"""

import re
from hashlib import sha256
from typing import Any

from quarterdeck.operations.messages.bundling import REPEAT, UNTITLED, headline, shortened
from quarterdeck.operations.messages.model import Content

MOST_SUMMARY, MOST_TEXT = 255, 30_000
PRIORITIES = {"critical": "Highest", "error": "High", "warning": "Medium", "info": "Low"}
URGENCIES = {
    "urgent": "Highest",
    "high": "High",
    "normal": "Medium",
    "low": "Low",
    "backlog": "Lowest",
}
WORD = re.compile(r"[\w.-]{1,200}")  # a label has no space
USUAL_TYPE = "Task"


def issue(content: Content, place: str, label: str) -> dict[str, Any]:
    """A new issue; ``place``: PROJECT, or PROJECT/TYPE."""
    project, _, kind = place.partition("/")
    priority = URGENCIES.get(content.priority) or PRIORITIES.get(content.severity)
    said = [f"priority-{content.priority}"] if WORD.fullmatch(content.priority) else []
    fields: dict[str, Any] = {
        "project": {"key": project},
        "issuetype": {"name": kind or USUAL_TYPE},
        "summary": shortened(content.title.strip() or UNTITLED, MOST_SUMMARY),
        "description": text(content),
        "labels": ["quarterdeck", label, *said],
    }
    return {"fields": fields | ({"priority": {"name": priority}} if priority else {})}


def comment(content: Content, *, repeat: bool = False) -> dict[str, Any]:
    """What is said of an issue that there is; ``repeat``: it may stand there already."""
    said = f"{headline(content)}\n\n{text(content)}".strip()
    return {"body": shortened(f"{REPEAT}\n\n{said}" if repeat else said, MOST_TEXT)}


def text(content: Content) -> str:
    """Paragraphs, then facts, then links, as plain text that Jira's markup leaves alone."""
    facts = "\n".join(f"{label}: {value}" for label, value in content.facts)
    links = "\n".join(f"{label}: {url}" for label, url in content.links)
    parts = [part for part in (content.text, facts, links) if part]
    return shortened("\n\n".join(parts), MOST_TEXT)


def label_of(tenant: str, about: str) -> str:
    """By which an issue is found again: one for each thing that is told of."""
    return f"quarterdeck-{sha256(f'{tenant}/{about}'.encode()).hexdigest()[:16]}"
