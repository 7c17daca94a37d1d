"""The OpenAPI document cut down to one section, for a browser takes seconds to draw all of it."""

from collections.abc import Iterator
from typing import Any

Document = dict[str, Any]
SCHEMAS = "#/components/schemas/"


def sections(document: Document) -> list[str]:
    """The tags that operations bear, by name."""
    paths = document["paths"].values()
    return sorted({operation["tags"][0] for path in paths for operation in path.values()})


def section_of(document: Document, tag: str) -> Document:
    """``document`` with the operations of one tag, and the schemas that these speak of."""
    paths = {path: _tagged(operations, tag) for path, operations in document["paths"].items()}
    left = {path: operations for path, operations in paths.items() if operations}
    schemas = document["components"]["schemas"]
    kept = dict.fromkeys(_spoken_of(left, schemas, set()))
    components = document["components"] | {"schemas": {name: schemas[name] for name in kept}}
    return document | {"paths": left, "components": components}


def _tagged(operations: Document, tag: str) -> Document:
    return {method: one for method, one in operations.items() if one["tags"][0] == tag}


def _spoken_of(value: object, schemas: Document, seen: set[str]) -> Iterator[str]:
    """The names of schemas that ``value`` leads to, each once."""
    for name in _references(value):
        if name not in seen:
            seen.add(name)
            yield name
            yield from _spoken_of(schemas[name], schemas, seen)


def _references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str) and reference.startswith(SCHEMAS):
            yield reference.removeprefix(SCHEMAS)
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        yield from _references(one)
