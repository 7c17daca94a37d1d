"""Text as mappings, lists and words, of a size that nobody's nesting can blow up. Pure."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import yaml
from typing_extensions import override

from quarterdeck.kernel.composing import LOADER, Unreadable, compose, line_of, lined
from quarterdeck.operations.rules.model import RuleInvalid

LARGEST = 4 * 2**20  # characters
LONGEST_NUMBER = 1000  # characters: ``1:59:59:...`` takes the square of its length
NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
EXPONENT = re.compile(r"-?[0-9]+(?:[.][0-9]+)?[eE][-+]?[0-9]+")  # RFC 8259, 6; text to YAML 1.1
MOST_NODES = 400_000  # with each alias counted as what it stands for


class _JsonLoader(LOADER):  # type: ignore[misc]  # one of two
    """Reads JSON, whose numbers are all numbers."""


_JsonLoader.add_implicit_resolver("tag:yaml.org,2002:float", EXPONENT, list("-0123456789"))


def parsed(text: str) -> yaml.Node:
    """A text in YAML or JSON, not made values of yet.

    Raises:
        RuleInvalid: it is neither, or too large.
    """
    if len(text) > LARGEST:
        raise RuleInvalid(f"rules have at most {LARGEST} characters at once")
    unfit = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if unfit is not None:
        line = text.count("\n", 0, unfit.start()) + 1
        raise RuleInvalid(f"line {line}: YAML has no such character: {unfit[0]!r}")
    with _refused():
        return compose(text, MOST_NODES, _JsonLoader if text.lstrip()[:1] == "{" else LOADER)


def keys(node: yaml.Node) -> list[str]:
    """What stands at the top of a document; raise RuleInvalid where it is no mapping."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    if not pairs:
        raise RuleInvalid("the document: expected a mapping")
    return [key.value for key, _ in pairs if isinstance(key, yaml.ScalarNode)]


def document(node: yaml.Node, *, words: bool = False) -> dict[str, Any]:
    """What a document says; with ``words`` each scalar is the text it is written as.

    Raises:
        RuleInvalid: a value in it is none, or it is no mapping.
    """
    with _refused():
        maker = yaml.constructor.BaseConstructor() if words else _Values()
        return mapping(maker.construct_document(node), "the document")


@contextmanager
def _refused() -> Iterator[None]:
    try:
        with lined():
            yield
    except Unreadable as error:
        raise RuleInvalid(str(error)) from error


class _Values(yaml.constructor.SafeConstructor):
    """Makes values of nodes; one that cannot be made is refused with its line."""

    @override
    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # as PyYAML has it
        if node.tag in NUMBERS and len(node.value) > LONGEST_NUMBER:
            raise RuleInvalid(f"{line_of(node)}: a number has at most {LONGEST_NUMBER} characters")
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError, ArithmeticError) as error:
            # What PyYAML says of ``2026-13-01``, ``!!bool x``, ``!!timestamp x``, ``1:...:0.5``.
            raise RuleInvalid(f"{line_of(node)}: no {node.tag.rpartition(':')[2]}") from error


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
