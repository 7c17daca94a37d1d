"""Text as mappings, lists and words, of a size that nobody's nesting can blow up. Pure."""

from typing import Any

import yaml

from quarterdeck.operations.rules.model import RuleInvalid

LARGEST = 4 * 2**20  # characters
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's, where it is: ten times as fast
MOST_NODES = 400_000  # with each alias counted as what it stands for


def plain(text: str, *, words: bool = False) -> Any:  # noqa: ANN401  whatever YAML holds
    """What a text in YAML or JSON says; with ``words`` each scalar is the text it is written as.

    Raises:
        RuleInvalid: it is neither, or too large.
    """
    if len(text) > LARGEST:
        raise RuleInvalid(f"rules have at most {LARGEST} characters at once")
    try:
        node = yaml.compose(text, Loader=LOADER)
        if node is None:
            raise RuleInvalid("there is nothing in it")
        _weigh(node, {})
        kind = yaml.constructor.BaseConstructor if words else yaml.constructor.SafeConstructor
        found = kind().construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise RuleInvalid(f"line {line}: {error.problem}") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise RuleInvalid(f"no YAML: {type(error).__name__}") from error
    return found


def mapping(found: object, where: str) -> dict[str, Any]:
    """``found`` as a mapping; raise RuleInvalid."""
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise RuleInvalid(f"{where}: expected a mapping")
    return found


def sequence(found: object, where: str) -> list[Any]:
    """``found`` as a list, nothing as an empty one; raise RuleInvalid."""
    if found in (None, ""):
        return []
    if not isinstance(found, list):
        raise RuleInvalid(f"{where}: expected a list")
    return found


def words_of(found: object, where: str) -> dict[str, str]:
    """``found`` as words by names; raise RuleInvalid."""
    said = mapping(found if found not in (None, "") else {}, where)
    for name, value in said.items():
        if not isinstance(value, str):
            raise RuleInvalid(f"{where}.{name}: expected a text")
    return said


def _weigh(node: yaml.Node, known: dict[int, int]) -> int:
    if id(node) in known:
        return known[id(node)]
    known[id(node)] = MOST_NODES + 1  # a node within itself weighs too much
    inside: list[yaml.Node] = []
    if isinstance(node, yaml.MappingNode):
        inside = [part for pair in node.value for part in pair]
    elif isinstance(node, yaml.SequenceNode):
        inside = node.value
    known[id(node)] = 1 + sum(_weigh(one, known) for one in inside)
    if known[id(node)] > MOST_NODES:
        raise RuleInvalid("there is too much in it")
    return known[id(node)]
