"""YAML documents as places that know their path: so that a fault can be found. Pure."""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import yaml
from typing_extensions import override

from quarterdeck.kernel.text import is_storable
from quarterdeck.operations.slos.model.openslo import UnusableSlo

LARGEST = 1_000_000
DEEPEST = 32
MOST_TEXT = 4096


class UnreadableSlo(UnusableSlo):
    """A text is not what OpenSLO describes; says where and why."""


@dataclass(frozen=True, slots=True)
class Place:
    """A value in a document, and the way to it. Every scalar is a text, as it was written."""

    value: Any
    path: str

    def fault(self, why: object) -> UnreadableSlo:
        """What is wrong here."""
        return UnreadableSlo(f"{self.path}: {why}")

    @property
    def absent(self) -> bool:
        """Whether nothing stands here."""
        return self.value in (None, "")

    def fields(self, known: Iterable[str]) -> dict[str, "Place"]:
        """A mapping's values by their names; those without a value are left out."""
        if not isinstance(self.value, dict):
            raise self.fault("expected a mapping")
        names = set(known)
        for name in self.value:
            if name not in names:
                expected = ", ".join(sorted(names))
                raise self.fault(f"unknown field {str(name)[:80]!r}; there are {expected}")
        places = {name: Place(one, f"{self.path}.{name}") for name, one in self.value.items()}
        return {name: one for name, one in places.items() if not one.absent}

    def items(self) -> list["Place"]:
        """A list's values."""
        if not isinstance(self.value, list):
            raise self.fault("expected a list")
        return [Place(one, f"{self.path}[{n}]") for n, one in enumerate(self.value)]

    def text(self, most: int = MOST_TEXT) -> str:
        """A scalar as it stands."""
        if not isinstance(self.value, str):
            raise self.fault("expected a text")
        if len(self.value) > most:
            raise self.fault(f"at most {most} characters")
        return self.value

    def flag(self) -> bool:
        """``true`` or ``false``."""
        word = self.text().lower()
        if word not in ("true", "false"):
            raise self.fault(f"expected true or false, got {word[:40]!r}")
        return word == "true"

    def number(self) -> Decimal:
        """A number, exactly as it was written."""
        words = self.text()
        try:
            found = Decimal(words.replace("_", " "))  # which Decimal would take between digits
        except InvalidOperation as error:
            raise self.fault(f"expected a number, got {words[:40]!r}") from error
        if not found.is_finite() or abs(found.adjusted()) > MOST_TEXT:
            raise self.fault(f"expected a number, got {words[:40]!r}")
        return found

    def plain(self) -> Any:  # noqa: ANN401  whatever OpenSLO leaves to a source
        """What stands here, as texts, mappings and lists."""
        return self.value


def documents(text: str) -> Iterator[Place]:
    """The documents of a text, empty ones left out.

    Raises:
        UnreadableSlo: it is no YAML, or more of it than an SLO needs.
    """
    if len(text) > LARGEST:
        raise UnreadableSlo(f"the text has more than {LARGEST} characters")
    try:
        _check_plain(text)
        # BaseLoader: every scalar stays the text that it is, 0.9995 and a date among them.
        found = list(yaml.load_all(text, Loader=_Loader))
    except yaml.YAMLError as error:
        raise UnreadableSlo(f"no YAML: {' '.join(str(error).split())[:300]}") from error
    for number, one in enumerate(found, 1):
        if one not in (None, ""):
            yield Place(one, f"document {number}")


class _Loader(yaml.BaseLoader):
    """YAML's own, that takes no field for another of the same name."""

    @override
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        names = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in names:
                    line = key.start_mark.line + 1
                    raise UnreadableSlo(f"line {line}: {key.value[:80]!r} is there twice")
                names.add(key.value)
        return super().construct_mapping(node, deep)


def _check_plain(text: str) -> None:
    """Refuse what a reader could trip over. Takes time in the text's length alone."""
    loader: Any = yaml.BaseLoader(text)  # whose get_event has no type
    depth = 0
    try:
        while loader.check_event():
            event = loader.get_event()
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            why = f"nested deeper than {DEEPEST}" if depth > DEEPEST else _unplain(event)
            if why:
                raise UnreadableSlo(f"line {event.start_mark.line + 1}: {why}")
    except (ValueError, OverflowError) as error:  # of a number that stands for a character, say
        raise UnreadableSlo(f"line {loader.line + 1}: no YAML: {error}") from error
    finally:
        loader.dispose()


def _unplain(event: yaml.Event) -> str:
    if isinstance(event, yaml.AliasEvent):
        return f"write out what *{event.anchor} stands for"
    if isinstance(event, yaml.ScalarEvent) and not is_storable(event.value):
        return "text must have no NUL and no lone surrogate"
    return ""
