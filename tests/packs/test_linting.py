"""Lint answers whatever a pack says: with findings, or that it is none."""

import contextlib
import json
from copy import deepcopy
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from packs.test_watched import SHIPPED
from packs.written import pack
from quarterdeck.packs import loader
from quarterdeck.packs.kinds import KINDS
from quarterdeck.packs.linting import ORDER, plain
from quarterdeck.packs.model import Grade, Pack, UnreadablePack, Within
from quarterdeck.packs.reading import files_of, parse
from quarterdeck.packs.shipped import names
from quarterdeck.packs.stated import UNAPPLIED

FIELDS = [
    *("severities", "levels", "targets", "notify_at", "engage_at", "name", "title", "channels"),
    *("policy", "team", "route", "receivers", "page_configs", "channel_configs", "depends_on"),
    *("rule", "threshold", "severity", "for", "openslo", "steps", "said", "tenant", "of", "what"),
    *("is", "at", "by", "open", "respond_min", "aliases", "SEV-1", "escalation_path"),
]
WORDS = st.sampled_from([*FIELDS, "", "0", "1h", "P1", "contact desk", "schedule x", "acme/x"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 10**9) | WORDS,
    lambda part: (
        st.lists(part, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), part, max_size=5)
    ),
    max_leaves=20,
)
FIVE = names()
SPECS = st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    kind=st.sampled_from([*KINDS, *UNAPPLIED]),
    name=st.sampled_from(["acme", "acme/x", "acme/prod/x", "/", "_platform/x"]),
    spec=SPECS,
)
def test_whatever_a_spec_says_lint_answers(kind: str, name: str, spec: dict[str, object]) -> None:
    text = json.dumps({"kind": kind, "name": name, "spec": spec})
    with contextlib.suppress(UnreadablePack):
        for one in loader.lint(pack(a=text)):
            assert one.place.file in {"a.yaml", "tenants.yaml"}
            assert plain(one)["what"]


@cache
def pack_of(name: str) -> Pack:
    return parse(files_of(SHIPPED / name))


def put(spec: Any, path: Within, value: object) -> Any:  # noqa: ANN401
    """``spec`` with ``value`` at ``path``."""
    if not path:
        return value
    made = deepcopy(spec)
    inner = made
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return made


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data(), value=JSON)
def test_one_wrong_word_in_a_good_pack_is_found_or_harmless(
    data: st.DataObject, value: object
) -> None:
    items = [one for name in FIVE for one in pack_of(name).items if one.lines]
    item = data.draw(st.sampled_from(items))
    path = data.draw(st.sampled_from(sorted(item.lines, key=str)))
    said = {"kind": item.kind, "name": item.name, "spec": put(dict(item.spec), path, value)}
    try:
        text = json.dumps(said)
    except TypeError:  # a date: it is written otherwise
        return
    with contextlib.suppress(UnreadablePack):
        assert all(plain(one)["what"] for one in loader.lint(pack(a=text)))


@pytest.mark.parametrize("name", FIVE)
def test_every_place_of_a_finding_is_a_line_of_its_file(name: str) -> None:
    files = files_of(SHIPPED / name)
    found = loader.lint(files)
    for one in found:
        for place in (*one.places, *([one.ruled_at] if one.ruled_at else [])):
            assert 1 <= place.line <= len(files[place.file].splitlines())
    grades = [ORDER.index(one.grade) for one in found]
    assert grades == sorted(grades)
    assert Grade.ERROR not in {one.grade for one in found}


@pytest.mark.parametrize("name", FIVE)
def test_a_part_of_a_spec_knows_its_line(name: str) -> None:
    files = files_of(SHIPPED / name)
    for item in parse(files).items:
        lines = files[item.place.file].splitlines()
        for path, line in item.lines.items():
            if isinstance(path[-1], str):
                assert path[-1] in lines[line - 1]
