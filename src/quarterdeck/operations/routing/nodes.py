"""YAML with its lines: each value knows where it stands, so that a refusal can say so. Pure."""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta

import yaml

from quarterdeck.kernel.text import is_storable
from quarterdeck.operations.metrics.spans import UnusableSpan, prometheus
from quarterdeck.operations.routing.model import RoutingInvalid

LARGEST = 262_144  # characters of a configuration
DEEPEST = 40
MOST_NODES = 50_000  # that are read, aliases each time: nobody's nesting of them fills the memory


class Budget:
    """How many more nodes may be read."""

    def __init__(self) -> None:
        self.left = MOST_NODES

    def spend(self, line: int) -> None:
        """Count one; raise RoutingInvalid once there are too many."""
        self.left -= 1
        if self.left < 0:
            raise RoutingInvalid(line, "the configuration is too large")


class At:
    """A node, and its line."""

    def __init__(self, node: yaml.Node, budget: Budget) -> None:
        self.node = node
        self.line = node.start_mark.line + 1
        self._budget = budget
        budget.spend(self.line)

    def fault(self, why: str) -> RoutingInvalid:
        """What to raise about it."""
        return RoutingInvalid(self.line, why)

    @property
    def is_null(self) -> bool:
        """Whether nothing stands there."""
        return self.node.tag == "tag:yaml.org,2002:null"

    def fields(self, known: Sequence[str]) -> dict[str, "At"]:
        """A mapping's values by their names; raise where there are others, or one twice."""
        found: dict[str, At] = {}
        for key, value in self.pairs():
            name = key.text()
            if name not in known:
                raise key.fault(f"field {name[:80]} not found; there are {', '.join(known)}")
            if name in found:
                raise key.fault(f"field {name} stands there twice")
            if not value.is_null:
                found[name] = value
        return found

    def pairs(self) -> Iterator[tuple["At", "At"]]:
        """A mapping's keys and values."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.fault("expected a mapping")
        for key, value in self.node.value:
            yield At(key, self._budget), At(value, self._budget)

    def items(self) -> list["At"]:
        """A sequence's values."""
        if self.is_null:
            return []
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.fault("expected a list")
        return [At(one, self._budget) for one in self.node.value]

    def text(self) -> str:
        """A scalar as it stands."""
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.fault("expected a text")
        if not is_storable(self.node.value):
            raise self.fault("text must have neither NUL nor half a character")
        return str(self.node.value)

    def flag(self) -> bool:
        """``true`` or ``false``."""
        text = self.text()
        if self.node.tag != "tag:yaml.org,2002:bool":
            raise self.fault(f"expected true or false, not {text[:40]!r}")
        return text.lower() in ("true", "yes", "on")

    def whole(self) -> int:
        """A number from 0 on."""
        text = self.text()
        if not re.fullmatch(r"[0-9]{1,9}", text):
            raise self.fault(f"expected a number, not {text[:40]!r}")
        return int(text)

    def duration(self) -> timedelta:
        """``1h30m``, as Prometheus reads it."""
        text = self.text()
        try:
            return prometheus(text)
        except UnusableSpan as error:
            raise self.fault(str(error)) from error


def compose(text: str) -> At:
    """The document in ``text``; raise RoutingInvalid where it is none."""
    if len(text) > LARGEST:
        raise RoutingInvalid(1, f"the configuration has more than {LARGEST} characters")
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise RoutingInvalid(mark.line + 1 if mark else 1, str(error.problem)) from error
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as error:
        raise RoutingInvalid(1, f"no YAML: {type(error).__name__}") from error
    if node is None:
        raise RoutingInvalid(1, "the configuration is empty")
    return At(node, Budget())
