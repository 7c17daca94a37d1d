"""What is a pack, and what is refused with file and line."""

from pathlib import Path

import pytest

from quarterdeck.packs import loader
from quarterdeck.packs.model import Grade, UnreadablePack
from quarterdeck.packs.reading import files_of, parse

HEAD = "pack: acme\ntitle: Acme\nsource: our own\nversion: '1'\n"
TENANT = "kind: tenant\nname: acme\nspec: {name: Acme}\n"
FOLDERS = ["azure-governance", "cloudgov", "banking", "phoenix", "atp"]


def pack(**files: str) -> dict[str, str]:
    return {"pack.yaml": HEAD} | {f"{name}.yaml": text for name, text in files.items()}


def test_items_know_where_they_stand() -> None:
    items = parse(pack(tenants=f"# ours\n{TENANT}---\n{TENANT}")).items
    assert [str(item.place) for item in items] == ["tenants.yaml:2", "tenants.yaml:6"]


def test_the_same_pack_has_the_same_digest_and_another_has_another() -> None:
    assert parse(pack(a=TENANT)).digest == parse(pack(a=TENANT)).digest
    assert parse(pack(a=TENANT)).digest != parse(pack(b=TENANT)).digest


@pytest.mark.parametrize(
    ("files", "where"),
    [
        ({"a.yaml": TENANT}, "pack.yaml"),
        ({"pack.yaml": "pack: acme\n"}, "pack.yaml:1: title, source, version missing"),
        (pack(a="kind: [\n"), "a.yaml: not YAML"),
        (pack(a="\nkind: tenant\nspec: {}\n"), "a.yaml:2: expected kind, name and spec"),
        (pack(a="kind: tenant\nname: x\nspec: 5\n"), "a.yaml:1"),
        (pack(a=f"{TENANT}color: red\n"), "a.yaml:1"),
        (pack(a="kind: tenant\nkind: tenant\nname: x\n"), "a.yaml:2: kind stands twice"),
        (pack(a="kind: tenant\nname: x\nspec: !!python/name:os.system\n"), "a.yaml"),
        (pack(a="kind: tenant\nname: x\nspec: &me {name: *me}\n"), "a.yaml:3: write out what *me"),
        (pack(a=f"kind: {'[' * 9_000}"), "a.yaml:1: it nests too deep"),
        (pack(a="kind: tenant\nname: x\nspec: {[a]: b}\n"), "a.yaml:3: a key is a word"),
        (pack(a="1: 2\nkind: tenant\n"), "a.yaml:1: expected kind, name and spec, got 1, kind"),
        (pack(a="kind: tenant\nname: x\nspec: {name: 2026-02-31}\n"), "a.yaml:1: day is out"),
        (pack(a="kind: tenant\nname: x\nspec: {name: !!int ten}\n"), "a.yaml:3: leave tag:"),
        (
            pack(a='kind: tenant\nname: x\nspec: {name: "a\\0b"}\n'),
            "a.yaml:3: text must have no NUL",
        ),
        (pack(a='kind: tenant\nname: x\nspec: {name: "\\ud800"}\n'), "a.yaml:3: text must have"),
    ],
)
def test_what_is_no_pack_is_refused_with_its_place(files: dict[str, str], where: str) -> None:
    with pytest.raises(UnreadablePack) as refused:
        parse(files)
    assert where in str(refused.value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("kind: moon\nname: x\n", "no kind moon"),
        ("kind: tenant\nname: x\nspec: {nome: X}\n", "nome"),
        ("kind: rate_limit\nname: x\nspec: {per_minute: many, burst: 1}\n", "per_minute"),
        (f"{TENANT}---\n{TENANT}", "stands at a.yaml:1 already"),
        ("kind: card\nname: x\nspec: {title: X, steps: [{text: y}]}\n", "expected TENANT/CARD"),
    ],
)
def test_lint_names_what_is_wrong_and_where(text: str, found: str) -> None:
    (finding,) = loader.lint(pack(a=text))
    assert found in finding.what
    assert finding.place.file == "a.yaml"


@pytest.mark.parametrize("name", FOLDERS)
def test_each_of_the_five_runbooks_has_a_pack_that_can_be_applied(name: str) -> None:
    files = files_of(Path(loader.__file__).parent / name)
    assert parse(files).name == name
    assert [one for one in loader.lint(files) if one.grade is Grade.ERROR] == []
