"""The house's own lints see what they are for."""

import ast
from pathlib import Path

import pytest

import lint_lock
import lint_stores
import lint_tree
import measure

STORE = """
def of_tenant(db, tenants: Tenants):
    return db.execute(select(table).where(tenants.clause(table.c.tenant)))

def add(db, row):
    db.execute(insert(table).values(row))

def everything(db):
    return _all(db)

def _all(db):
    return db.execute(select(table))

class SqlStore:
    def latest(self, log):
        return self.db.execute(select(table))
"""


def test_a_store_function_that_reads_rows_without_tenants_is_found_also_behind_a_helper() -> None:
    assert list(lint_stores.open_queries(ast.parse(STORE))) == ["everything", "SqlStore.latest"]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('"resolved": "https://host/x"', "a download's address"),
        ("see https://host/files/wheel-1.0-py3-none-any.whl", "a download's address"),
        ("index-url = https://host/simple", "a download's address"),
        ("data = '/home/ada/data'", "a path of one machine"),
    ],
)
def test_an_address_or_a_path_of_one_machine_is_found(line: str, what: str) -> None:
    assert [name for name, sign in lint_tree.RULES.items() if sign.search(line)] == [what]


@pytest.mark.parametrize("line", ["/api/v1/home/tmp", "~/.config/x", "https://semver.org/spec/v2"])
def test_what_only_looks_like_one_is_let_be(line: str) -> None:
    assert not any(sign.search(line) for sign in lint_tree.RULES.values())


def test_a_locked_package_without_a_hash_is_found() -> None:
    locked = lint_lock.locked_packages("one==1 \\\n    --hash=sha256:ab\nTwo_x==2\n")
    assert locked == {"one": 1, "two-x": 0}


@pytest.mark.parametrize(
    ("requirement", "name"),
    [
        ("psycopg[binary]", "psycopg"),
        ("uvloop; sys_platform != 'win32'", "uvloop"),
        ("Ruff>=1", "ruff"),
    ],
)
def test_the_name_of_a_requirement_is_read(requirement: str, name: str) -> None:
    assert lint_lock.name_of(requirement) == name


def test_packages_that_import_each_other_are_found() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}
    assert measure.cycles_of(graph) == [{"a", "b", "c"}]


@pytest.mark.parametrize(
    ("body", "broad"),
    [
        ("except Exception:\n  pass", True),
        ("except (OSError, BaseException):\n  pass", True),
        ("except:\n  pass", True),
        ("except BaseException:\n  tidy()\n  raise", False),
        ("except OSError:\n  pass", False),
    ],
)
def test_a_broad_except_is_one_that_swallows_anything(body: str, *, broad: bool) -> None:
    handlers = [
        n for n in ast.walk(ast.parse(f"try:\n  x()\n{body}")) if isinstance(n, ast.ExceptHandler)
    ]
    assert [measure.is_broad(handler) for handler in handlers] == [broad]


def test_complexity_counts_statements_that_branch() -> None:
    (function,) = ast.parse("def f(x):\n if x: pass\n elif 1: pass\n for y in x: pass").body
    assert isinstance(function, ast.FunctionDef)
    assert measure.complexity_of(function) == 4


def test_the_systemd_unit_waits_for_readiness_and_owns_its_state() -> None:
    unit = (Path(__file__).parents[2] / "deploy/systemd/quarterdeck.service").read_text()
    assert {"Type=notify", "StateDirectory=quarterdeck", "NoNewPrivileges=yes"} <= set(
        unit.splitlines()
    )
