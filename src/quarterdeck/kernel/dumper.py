"""YAML, written so that every reader of it gets what was written."""

import yaml

BREAKS = frozenset("\x85\u2028\u2029\ufeff")


class Dumper(yaml.SafeDumper):
    """PyYAML's own, and no text that a reader makes another of."""


def dump(found: object, width: int = 100) -> str:
    """``found`` (mappings, lists, words and numbers) in the order that it has."""
    words: str = yaml.dump(found, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=width)
    return words


def _text(dumper: yaml.SafeDumper, one: str) -> yaml.ScalarNode:
    # Anywhere but in double quotes a reader takes these for the end of a line, or for nothing.
    style = '"' if BREAKS & set(one) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", one, style=style)


Dumper.add_representer(str, _text)
