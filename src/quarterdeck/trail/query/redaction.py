"""A record as a reader may see it: fields by their class, each as the tenant's policy treats it.

What a leaf only commits to is not in it, whatever a policy says: see ``log.service.disclose``.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from quarterdeck.trail.log.model import Leaf, RecordView
from quarterdeck.trail.log.record import Class, members
from quarterdeck.trail.policy.model import Treatment

MASKED = "***"
ROOTS = ("payload", "changes")

Treat = Callable[[str], Treatment]
"""How fields of a class are shown to the one who asks."""


def view_of(leaf: Leaf, proven: int, treat: Treat) -> RecordView:
    """The record of a leaf in a log of which ``proven`` leaves are signed."""
    record = members(leaf.entry)
    parts = {root: json.loads(record[root] or "null") for root in ROOTS}
    classes: Mapping[str, str] = record["classification"]
    hidden: dict[str, str] = {}
    changed: set[str] = set()
    for path, cls in classes.items():
        names = [_name(part) for part in path.split("/")[1:]]
        treatment = treat(cls)
        if not _stands(parts, names):
            if cls != Class.PUBLIC:
                hidden[path] = cls
        elif treatment is not Treatment.SHOW:
            _put(parts, names, None if treatment is Treatment.HIDE else MASKED)
            hidden[path] = cls
            changed.add(names[0])
    texts = {root: json.dumps(parts[root], ensure_ascii=False) for root in changed}
    return RecordView(
        index=leaf.index,
        leaf_hash=leaf.hash,
        proven=leaf.index < proven,
        record=record | texts,
        payload=parts["payload"],
        hidden=hidden,
    )


def _stands(parts: Any, names: list[str]) -> bool:  # noqa: ANN401  any JSON
    at = parts
    for name in names:
        if isinstance(at, dict) and name in at:
            at = at[name]
        elif isinstance(at, list) and name.isdecimal() and int(name) < len(at):
            at = at[int(name)]
        else:
            return False
    return True


def _put(parts: Any, names: list[str], shown: str | None) -> None:  # noqa: ANN401  any JSON
    """Put ``shown`` in the place of what stands there; None takes a member away."""
    at = parts
    for name in names[:-1]:
        at = at[name] if isinstance(at, dict) else at[int(name)]
    last = names[-1]
    if isinstance(at, list):
        at[int(last)] = shown
    elif shown is None and len(names) > 1:
        del at[last]
    else:
        at[last] = shown


def _name(part: str) -> str:
    return unquote(part).replace("~1", "/").replace("~0", "~")
