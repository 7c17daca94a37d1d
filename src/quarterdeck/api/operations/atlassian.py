"""A status page in the shapes of Atlassian Statuspage's public API (version 2).

What reads theirs reads ours. Beyond theirs: a component of which it is not known how it is has
the status null and a ``reason``, and each says its uptime; the page says when it was made.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from quarterdeck.kernel.clock import rfc3339
from quarterdeck.operations.statuspage.model.post import PostKind, Update
from quarterdeck.operations.statuspage.service.public import Group, Posted, Shown, View

Shape = dict[str, Any]


def summary(view: View, url: str) -> Shape:
    """All that concerns somebody now."""
    return {
        **page(view, url),
        "components": _components(view),
        "incidents": _posts(view, url, view.incidents, only_open=True),
        "scheduled_maintenances": _posts(view, url, view.maintenances, only_open=True),
        "status": _overall(view),
    }


def status(view: View, url: str) -> Shape:
    """How all of it is, in a word."""
    return {**page(view, url), "status": _overall(view)}


def components(view: View, url: str) -> Shape:
    """Components, and their groups."""
    return {**page(view, url), "components": _components(view)}


def incidents(view: View, url: str) -> Shape:
    """Incidents, newest first."""
    return {**page(view, url), "incidents": _posts(view, url, view.incidents)}


def unresolved(view: View, url: str) -> Shape:
    """Incidents that are not over, newest first."""
    return {**page(view, url), "incidents": _posts(view, url, view.incidents, only_open=True)}


def maintenances(view: View, url: str) -> Shape:
    """Maintenance, newest first."""
    return {**page(view, url), "scheduled_maintenances": _posts(view, url, view.maintenances)}


def page(view: View, url: str) -> Shape:
    """What the page is."""
    kept = view.kept
    return {
        "page": {
            "id": kept.page.slug,
            "name": kept.page.title,
            "url": url,
            "time_zone": "Etc/UTC",
            "updated_at": rfc3339(view.changed_at),
            "made_at": rfc3339(view.now),
        }
    }


def _overall(view: View) -> Shape:
    return {"indicator": view.overall.indicator, "description": view.overall.description}


def _components(view: View) -> list[Shape]:
    found: list[Shape] = []
    for group in view.groups:
        if group.title:
            found.append(_group(view, group))
        found += [_component(view, one) for one in group.members]
    return [{**one, "position": place} for place, one in enumerate(found, start=1)]


def _group(view: View, group: Group) -> Shape:
    members = [one.kept for one in group.members]
    return {
        "id": _group_id(group.title),
        "name": group.title,
        "status": group.status,
        "created_at": _moment(min(one.at for one in members)),
        "updated_at": _moment(max(one.since or one.at for one in members)),
        "description": None,
        "showcase": False,
        "start_date": None,
        "group_id": None,
        "page_id": view.kept.page.slug,
        "group": True,
        "only_show_if_degraded": False,
        "components": [one.component.name for one in members],
    }


def _component(view: View, one: Shown) -> Shape:
    component, days = one.kept.component, one.days
    begun = next((day.date for day in days if day.lasted.by), None)
    return {
        "id": component.name,
        "name": component.title,
        "status": one.status,
        "reason": one.reason or None,
        "created_at": _moment(one.kept.at),
        "updated_at": _moment(one.kept.since or one.kept.at),
        "description": component.description or None,
        "showcase": True,
        "start_date": begun.isoformat() if begun else None,
        "group_id": _group_id(component.group) if component.group else None,
        "page_id": view.kept.page.slug,
        "group": False,
        "only_show_if_degraded": False,
        "uptime_percent": None if one.percent is None else str(one.percent),
        "uptime_days": len(days),
    }


def _posts(
    view: View, url: str, posted: Sequence[Posted], *, only_open: bool = False
) -> list[Shape]:
    known = {one.kept.component.name: one for one in view.components}
    shown = [one for one in posted if one.post.is_open or not only_open]
    return [_post(view, url, one, known) for one in shown]


def _post(view: View, url: str, one: Posted, known: Mapping[str, Shown]) -> Shape:
    post = one.post
    titles = {name: shown.kept.component.title for name, shown in known.items()}
    planned = {
        "scheduled_for": _moment(post.starts_at),
        "scheduled_until": _moment(post.ends_at),
    }
    return {
        "id": post.id,
        "name": post.title,
        "status": post.stage,
        "impact": post.impact,
        "created_at": _moment(post.created_at),
        "updated_at": _moment(post.updated_at),
        "started_at": _moment(post.starts_at or post.created_at),
        "monitoring_at": _moment(post.monitoring_at),
        "resolved_at": _moment(post.resolved_at),
        "shortlink": f"{url}/posts/{post.id}",
        "page_id": view.kept.page.slug,
        "incident_updates": [_update(update, titles) for update in one.updates],
        "components": [_component(view, known[name]) for name in post.affected if name in known],
        **(planned if post.kind is PostKind.MAINTENANCE else {}),
    }


def _update(update: Update, titles: Mapping[str, str]) -> Shape:
    affected = [
        {
            "code": one.component,
            "name": titles.get(one.component, one.component),
            "old_status": one.old,
            "new_status": one.new,
        }
        for one in update.changes
    ]
    return {
        "id": update.id,
        "status": update.stage,
        "body": update.text,
        "incident_id": update.post,
        "created_at": _moment(update.at),
        "updated_at": _moment(update.at),
        "display_at": _moment(update.at),
        "affected_components": affected or None,
    }


def _group_id(title: str) -> str:
    """The same for a group of the same name."""
    return sha256(f"group {title}".encode()).hexdigest()[:12]


def _moment(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)
