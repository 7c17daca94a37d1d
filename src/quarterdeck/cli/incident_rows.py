"""An incident as rows of a table."""

from typing import Any


def row(one: dict[str, Any]) -> tuple[str, ...]:
    """One of many."""
    return (
        one["id"],
        one["title"],
        one["status"],
        one["stage"],
        one["began_at"],
        one["roles"].get("ic", ""),
        one["war_room"],
    )


def lines(found: dict[str, Any]) -> list[tuple[str, str]]:
    """All that is known of one: what, and what it says."""
    one = found["incident"]
    late = [clock["title"] for clock in found["clocks"] if clock["overdue"]]
    said = [
        ("incident", one["id"]),
        ("title", one["title"]),
        ("status", f"{one['status']}, {one['stage']}"),
        ("since", one["began_at"]),
        ("services", ", ".join(one["services"])),
        ("tenants", ", ".join(one["tenants"])),
        ("flags", ", ".join(one["flags"])),
        ("proposed", found["proposed"]),
        *((role, who) for role, who in one["roles"].items()),
        ("war room", one["war_room"]),
        *(("in Slack", link) for link in (found.get("chat") or {}).get("links", ())),
        ("in Slack", (found.get("chat") or {}).get("why", "")),
        ("overdue", ", ".join(late)),
        ("next", str(found["next_stage"] or "")),
        ("lacks", "; ".join(found["lacks"])),
    ]
    said += [(f"checklist {i['number']}", _ticked(i["done"], i["text"])) for i in one["checklist"]]
    said += [(f"action {a['number']}", _ticked(a["done_at"], a["text"])) for a in found["actions"]]
    said += [(entry["at"], f"{entry['kind']}: {entry['text']}") for entry in found["timeline"]]
    return [(what, says) for what, says in said if says]


def _ticked(done: object, text: str) -> str:
    return f"[{'x' if done else ' '}] {text}"
