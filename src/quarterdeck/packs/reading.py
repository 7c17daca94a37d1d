"""A folder of YAML as a pack. Every value remembers its line, so that findings can name it."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from quarterdeck.packs.model import Item, Pack, Place, UnreadablePack, Within
from quarterdeck.packs.plain import check_plain

MANIFEST = "pack.yaml"
SUFFIXES = (".yaml", ".yml")
MAX_FILES = 500
MAX_TEXT = 1_000_000

Files = Mapping[str, str]
"""A pack's files: their paths within the folder, with their text."""


def files_of(folder: Path) -> dict[str, str]:
    """The YAML files below ``folder``; raise UnreadablePack where it is none."""
    try:
        found = sorted(p for p in folder.rglob("*") if p.suffix in SUFFIXES and p.is_file())
        return {p.relative_to(folder).as_posix(): p.read_text() for p in found}
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadablePack(f"{folder} cannot be read: {error}") from error


def parse(files: Files) -> Pack:
    """The pack in ``files``.

    Raises:
        UnreadablePack: no manifest, not YAML, or not of a pack's form.
    """
    if MANIFEST not in files:
        raise UnreadablePack(f"a pack has a {MANIFEST} with pack, title, source and version")
    if len(files) > MAX_FILES or sum(map(len, files.values())) > MAX_TEXT:
        raise UnreadablePack(f"a pack has at most {MAX_FILES} files and {MAX_TEXT} characters")
    head = _manifest(files[MANIFEST])
    items = [i for name in sorted(files) if name != MANIFEST for i in _items(name, files[name])]
    return Pack(
        name=head["pack"],
        title=head["title"],
        source=head["source"],
        version=head["version"],
        items=tuple(items),
        digest=_digest(files),
    )


def _manifest(text: str) -> dict[str, str]:
    node = _document(MANIFEST, text)
    found = _value(MANIFEST, node) if node else None
    if not isinstance(found, dict):
        raise UnreadablePack(f"{MANIFEST}:1: expected pack, title, source and version")
    missing = [key for key in ("pack", "title", "source", "version") if not found.get(key)]
    if missing:
        raise UnreadablePack(f"{MANIFEST}:1: {', '.join(missing)} missing")
    return {key: str(value) for key, value in found.items()}


def _items(file: str, text: str) -> Iterator[Item]:
    for node in _documents(file, text):
        place = Place(file=file, line=node.start_mark.line + 1)
        found = _value(file, node)
        if not isinstance(found, dict) or not isinstance(found.get("spec", {}), dict):
            raise UnreadablePack(f"{place}: expected kind, name and spec")
        unknown = found.keys() - {"kind", "name", "spec"}
        if unknown or not found.get("kind") or not found.get("name"):
            raise UnreadablePack(
                f"{place}: expected kind, name and spec, got {', '.join(map(str, found))}"
            )
        yield Item(
            kind=str(found["kind"]),
            name=str(found["name"]),
            spec=found.get("spec", {}),
            place=place,
            lines=dict(_lines(node)),
        )


def _lines(node: yaml.Node) -> Iterator[tuple[Within, int]]:
    """The line of each part of the spec of an item."""
    assert isinstance(node, yaml.MappingNode)  # noqa: S101  its value is one
    for key, value in node.value:
        if key.value == "spec":
            yield from _below((), value)


def _below(path: Within, node: yaml.Node) -> Iterator[tuple[Within, int]]:
    if isinstance(node, yaml.MappingNode):
        parts = [(key.value, key.start_mark, value) for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        parts = [(n, value.start_mark, value) for n, value in enumerate(node.value)]
    else:
        return
    for name, mark, value in parts:
        yield (*path, name), mark.line + 1
        yield from _below((*path, name), value)


def _document(file: str, text: str) -> yaml.Node | None:
    documents = list(_documents(file, text))
    return documents[0] if documents else None


def _documents(file: str, text: str) -> Iterator[yaml.Node]:
    try:
        check_plain(file, text)
        yield from yaml.compose_all(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise UnreadablePack(f"{file}: not YAML: {error}") from error


def _value(file: str, node: yaml.Node) -> Any:  # noqa: ANN401  whatever YAML can say
    _refuse_twice(file, node)
    constructor = yaml.SafeLoader("")
    try:
        return constructor.construct_document(node)
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # 2026-02-31 is a ValueError
        place = Place(file=file, line=node.start_mark.line + 1)
        raise UnreadablePack(f"{place}: {error}") from error


def _refuse_twice(file: str, node: yaml.Node) -> None:
    """YAML's reader takes the last of two equal keys in silence; a policy must not."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise UnreadablePack(f"{file}:{line}: a key is a word, not a list or a mapping")
            if key.value in seen:
                raise UnreadablePack(f"{file}:{line}: {key.value} stands twice")
            seen.add(key.value)
            _refuse_twice(file, value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _refuse_twice(file, value)


def _digest(files: Files) -> str:
    whole = sha256()
    for name in sorted(files):
        for part in (name, files[name]):
            whole.update(len(part.encode()).to_bytes(8) + part.encode())
    return whole.hexdigest()
