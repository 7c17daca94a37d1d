"""The secrets of a configuration: hidden where it is shown, and not taken back hidden. Pure."""

import json
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import yaml

from quarterdeck.operations.routing.model import RoutingInvalid
from quarterdeck.operations.routing.nodes import compose

HIDDEN = "<secret>"
UNREADABLE = "# This version can be read no more; it is not shown, for it may have secrets.\n"
PLACES = ("global", "receivers")
"""At the top of a configuration: below these there may be secrets."""

NAMES = re.compile(r"passw|secret|token|credential|api_?key|api_?url", re.IGNORECASE)
USER = re.compile(r"(://(?:[^/?#\s:@]*:)?)[^/?#\s]*@")
PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")  # an anchor, a tag: they stand before a value
SAID = re.compile(
    rf"((?:{NAMES.pattern})\w*[\"']?\s*[:=]\s*)(\"[^\"\n]*\"|'[^'\n]*'|[^\s,}}]+)", re.IGNORECASE
)

ELSEWHERE, WITHIN, SECRET = range(3)
"""Where a value stands: where no secret may be, where one may, and it is one."""


@lru_cache(maxsize=128)
def hidden(text: str) -> str:
    """``text``, each secret as ``<secret>``, those in comments too; else as it was written."""
    try:
        found = _ranks(compose(text).node)
    except RoutingInvalid:
        return UNREADABLE
    parts, at = [], 0
    for node in sorted(found, key=lambda one: one.start_mark.index):
        parts += [_comments(text[at : node.start_mark.index]), _shown(text, node, found[node])]
        at = node.end_mark.index
    return "".join([*parts, _comments(text[at:])])


def refuse_hidden(text: str) -> None:
    """Raise RoutingInvalid where a secret was left as ``hidden`` shows it: it would be lost."""
    for node, rank in _ranks(compose(text).node).items():
        if HIDDEN in _secrets(node.value, rank):
            why = f"{HIDDEN} stands for a secret that was hidden; put it in again"
            raise RoutingInvalid(node.start_mark.line + 1, why)


def _ranks(top: yaml.Node) -> dict[yaml.ScalarNode, int]:
    """Every value below ``top``, and where it stands: one that has a second name, the worst.

    Each is looked at once a rank: nobody's nesting of aliases takes long.
    """
    todo, seen, found = [(top, ELSEWHERE)], set(), dict[yaml.ScalarNode, int]()
    while todo:
        node, rank = todo.pop()
        if (id(node), rank) in seen:
            continue
        seen.add((id(node), rank))
        if isinstance(node, yaml.ScalarNode):
            found[node] = max(rank, found.get(node, ELSEWHERE))
        elif isinstance(node, yaml.SequenceNode):
            todo += [(one, rank) for one in node.value]
        else:
            todo += _pairs(node, rank, PLACES if node is top else ())
    return found


def _pairs(node: yaml.Node, rank: int, places: Sequence[str]) -> Iterator[tuple[yaml.Node, int]]:
    for key, value in node.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else ""
        below = max(rank, WITHIN) if name in places else rank
        yield key, min(rank, WITHIN)
        yield value, SECRET if below and NAMES.search(name) else below


def _secrets(value: str, rank: int) -> str:
    """What of a value is shown hidden, where it stands."""
    if rank == SECRET:
        return value
    return "".join(one[0] for one in USER.finditer(value)) if rank == WITHIN else ""


def _shown(text: str, node: yaml.ScalarNode, rank: int) -> str:
    raw = text[node.start_mark.index : node.end_mark.index]
    properties = PROPERTIES.match(raw)
    before = properties[0] if properties else ""
    if rank == ELSEWHERE or not node.value:
        return raw
    if rank == SECRET:
        quote = node.style if node.style in ("'", '"') else ""
        return f"{before}{quote}{HIDDEN}{quote}" + ("\n" if raw.endswith("\n") else "")
    if USER.search(node.value) is None:
        return raw
    bare = USER.sub(rf"\g<1>{HIDDEN}@", node.value)
    return before + json.dumps(bare, ensure_ascii=False)


def _comments(gap: str) -> str:
    """What stands between values: only in comments are there words."""
    if "#" not in gap:
        return gap
    return USER.sub(rf"\g<1>{HIDDEN}@", SAID.sub(rf"\g<1>{HIDDEN}", gap))
