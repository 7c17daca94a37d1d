"""Others' YAML and JSON as nodes: of a bounded weight, each name once, faults with their line."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import yaml

from quarterdeck.kernel.text import is_storable

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's, where it is: ten times as fast."""


DEEPEST = 100


class Unreadable(Exception):
    """A text is no YAML, or not to be taken from others; says in which line."""


def compose(text: str, most: int, loader: Any = LOADER) -> yaml.Node:  # noqa: ANN401  a class of PyYAML
    """The document in ``text``, not made values of yet.

    ``most``: nodes, each alias counted as what it stands for: a few lines can stand for a
    billion, or for themselves.

    Raises:
        Unreadable: it is no YAML, empty, too much, nested too deep, has a name twice in a
            mapping, or a text that no database can store.
    """
    with lined():
        _check_depth(text, loader)
        node = yaml.compose(text, Loader=loader)
        if node is None:
            raise Unreadable("there is nothing in it")
        _weigh(node, most, {})
        return node


@contextmanager
def lined() -> Iterator[None]:
    """What PyYAML says of a text, as Unreadable."""
    try:
        yield
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise Unreadable(f"line {line}: {error.problem}") from error
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as error:
        raise Unreadable(f"no YAML: {type(error).__name__}") from error


def line_of(node: yaml.Node | yaml.Event) -> str:
    """Where something begins, in words."""
    return f"line {node.start_mark.line + 1 if node.start_mark else 1}"


def _check_depth(text: str, loader: Any) -> None:  # noqa: ANN401  a class of PyYAML
    # By events, which nest nothing: composed by libyaml, 30,000 brackets end the process.
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise Unreadable(f"{line_of(event)}: nested deeper than {DEEPEST}")


def _weigh(node: yaml.Node, most: int, known: dict[int, int]) -> int:
    if id(node) in known:
        return known[id(node)]
    known[id(node)] = most + 1  # a node within itself weighs too much
    known[id(node)] = 1 + sum(_weigh(one, most, known) for one in _inside(node))
    if known[id(node)] > most:
        raise Unreadable("there is too much in it")
    return known[id(node)]


def _inside(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        _check_names(node)
        return [part for pair in node.value for part in pair]
    if isinstance(node, yaml.SequenceNode):
        return list(node.value)
    if not is_storable(node.value):
        raise Unreadable(f"{line_of(node)}: text must have no NUL and no lone surrogate")
    return []


def _check_names(node: yaml.MappingNode) -> None:
    seen: set[str] = set()
    for name, _ in node.value:
        if not isinstance(name, yaml.ScalarNode):
            raise Unreadable(f"{line_of(name)}: a name is a text")
        if name.value in seen:
            raise Unreadable(f"{line_of(name)}: {name.value[:80]!r} stands there twice")
        seen.add(name.value)
