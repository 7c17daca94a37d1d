"""The part of YAML that a pack may use: few levels, no aliases, no tags, text one can store.

A few lines of aliases stand for a billion nodes, or for a node that holds itself; a tag asks
for a type that the value may not have.
"""

import yaml

from quarterdeck.kernel.text import is_storable
from quarterdeck.packs.model import UnreadablePack

MAX_DEPTH = 32


def check_plain(file: str, text: str) -> None:
    """Refuse what a reader of ``text`` could trip over. Takes time in its length alone.

    Raises:
        UnreadablePack: names the line.
        yaml.YAMLError: it is no YAML.
    """
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        why = "it nests too deep" if depth > MAX_DEPTH else _unplain(event)
        if why:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise UnreadablePack(f"{file}:{line}: {why}")


def _unplain(event: yaml.Event) -> str:
    if isinstance(event, yaml.AliasEvent):
        return f"write out what *{event.anchor} stands for; a pack has no aliases"
    if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag:
        return f"leave {event.tag} out; a pack has no tags"
    if isinstance(event, yaml.ScalarEvent) and not is_storable(event.value):
        return "text must have no NUL and no lone surrogate"
    return ""
