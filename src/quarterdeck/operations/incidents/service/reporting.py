"""An incident as Markdown: runbook 000's report (8.3), 004's ticket (topic 8), a postmortem."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from quarterdeck.operations.incidents.model.incident import TITLES, Incident, Role
from quarterdeck.operations.incidents.model.timeline import ActionItem, Entry, Wrote
from quarterdeck.operations.incidents.service.looking import Account

NONE = "Not recorded."
BOXES = (
    ("outage", "Complete outage"),
    ("partial", "Partial outage"),
    ("data", "Data issue"),
    ("performance", "Performance degradation"),
)


def brief(account: Account, _now: datetime, _names: Mapping[str, str]) -> str:
    """Runbook 000's form."""
    one = account.incident
    acted = [entry.text for entry in account.timeline if entry.kind is Wrote.ACTION]
    return _document(
        f"## Incident Report: {_line(one.symptom)}",
        f"**Severity:** {one.severity.name}\n**Start Time:** {_minute(one.began_at)}\n"
        f"**Status:** {_status(one)}",
        "### Impact\n" + "\n".join(_box(one, *box) for box in BOXES),
        "### Symptoms\n" + _bullets(one.symptoms),
        "### Actions Taken\n" + _numbered(acted),
        "### Root Cause (if known)\n" + _bullets(one.root_cause),
        "### Resolution\n" + _said(one.temporary, one.permanent),
        "### Prevention\n" + (_text(one.prevention) or NONE),
    )


def ticket(account: Account, now: datetime, names: Mapping[str, str]) -> str:
    """Runbook 004's form: what a ticket in another system begins with."""
    one = account.incident
    return _document(
        f"# {one.id}: {_line(one.title)}",
        _facts(one),
        "## Timeline\n" + _timeline(account.timeline, names),
        "## Impact\n" + _impact(one, now),
        "## Root Cause\n" + _bullets(one.root_cause),
        "## Resolution\n"
        f"- Temporary: {_line(one.temporary) or NONE}\n- Permanent: {_line(one.permanent) or NONE}",
        "## Action Items\n" + _items(account.actions),
        "## Links\n" + _bullets(f"{word}: {address}" for word, address in one.links.items()),
    )


def postmortem(account: Account, now: datetime, names: Mapping[str, str]) -> str:
    """What was learnt, from the timeline: it blames nobody."""
    one, said = account.incident, account.incident.postmortem
    roles = (f"{TITLES[role]}: {one.holder(role)}" for role in Role if one.holder(role))
    return _document(
        f"# Postmortem of {one.id}: {_line(one.title)}",
        _facts(one),
        "## What happened\n" + (_text(said.summary) or NONE),
        "## Who was there\n" + _bullets(roles),
        "## Impact\n" + _impact(one, now),
        "## Timeline\n" + _timeline(account.timeline, names),
        "## Root cause\n" + _bullets(one.root_cause),
        "## What went well\n" + (_text(said.well) or NONE),
        "## What did not\n" + (_text(said.badly) or NONE),
        "## Prevention\n" + (_text(one.prevention) or NONE),
        "## Action items\n" + _items(account.actions),
        "## Runbook\n" + (_text(said.runbook) or "Not changed because of it."),
    )


FORMS: Mapping[str, Callable[[Account, datetime, Mapping[str, str]], str]] = {
    "brief": brief,
    "ticket": ticket,
    "postmortem": postmortem,
}
"""By name: how an incident is written down."""


def _facts(one: Incident) -> str:
    return "\n".join(
        (
            f"- Status: {one.status.value}",
            f"- Severity: {one.severity.name}",
            f"- Began: {_minute(one.began_at)}",
            f"- Declared: {_minute(one.declared_at)}",
            f"- Resolved: {_minute(one.resolved_at) if one.resolved_at else 'not yet'}",
        )
    )


def _impact(one: Incident, now: datetime) -> str:
    minutes = int(one.duration(now).total_seconds()) // 60
    tenants = one.impact.tenants or ", ".join(one.tenants)
    return "\n".join(
        (
            f"- Affected Tenants: {_line(tenants) or NONE}",
            f"- Duration: {minutes} minutes{'' if one.resolved_at else ' so far'}",
            f"- User Impact: {_line(one.impact.users) or NONE}",
            f"- Data Integrity: {_line(one.impact.integrity) or NONE}",
        )
    )


def _timeline(entries: Iterable[Entry], names: Mapping[str, str]) -> str:
    return _bullets(
        f"{_minute(one.at)}: {one.text}{_by(one, names)}{f' {one.link}' if one.link else ''}"
        for one in entries
    )


def _by(entry: Entry, names: Mapping[str, str]) -> str:
    return f" (@{names.get(entry.by, entry.by)})" if entry.by else ""


def _items(items: Iterable[ActionItem]) -> str:
    lines = [
        f"- [{'x' if one.done_at else ' '}] {_line(one.text)}"
        f"{f' ({_line(one.owner)})' if one.owner else ''}"
        f"{f', due {one.due_at:%Y-%m-%d}' if one.due_at else ''}"
        for one in items
    ]
    return "\n".join(lines) or NONE


def _box(one: Incident, name: str, words: str) -> str:
    ticked = "x" if getattr(one.impact, name) else " "
    said = one.impact.partial_words if name == "partial" else ""
    return f"- [{ticked}] {words}{f' ({_line(said)})' if said else ''}"


def _status(one: Incident) -> str:
    return "Resolved" if one.resolved_at else "Investigating"


def _said(temporary: str, permanent: str) -> str:
    return "\n\n".join(filter(None, (_text(temporary), _text(permanent)))) or NONE


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {_line(line)}" for line in lines) or NONE


def _numbered(lines: Iterable[str]) -> str:
    return "\n".join(f"{at}. {_line(line)}" for at, line in enumerate(lines, 1)) or NONE


def _minute(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _line(text: str) -> str:
    """One line, so that nothing in it begins a heading or a list."""
    return " ".join(text.split())


def _text(text: str) -> str:
    """Paragraphs, none of which is a heading or a rule."""
    return "\n".join(_plain(line) for line in text.strip().splitlines())


def _plain(line: str) -> str:
    return f"\\{line}" if line.lstrip()[:1] in {"#", "=", "-", "`", "~"} else line


def _document(*parts: str) -> str:
    return "\n\n".join(parts) + "\n"
