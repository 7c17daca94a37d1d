"""What a run says of itself: rows held, and skips where none may be."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import conformance

TESTS = Path(__file__).parents[1]


def run(
    folder: Path, body: str, *options: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run pytest on one file with only the plugins under test."""
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = census(*ids): rows\n")
    (folder / "test_it.py").write_text(f"import pytest\n{body}")
    outer = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "QUARTERDECK_NO"))}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "census", "-p", "skips", *options]
    return subprocess.run(
        command,
        cwd=folder,
        env=outer | {"PYTHONPATH": str(TESTS)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


BOTH = """
@pytest.mark.census("AG-001", "AG-002")
def test_good(): pass

@pytest.mark.census("AG-002")
@pytest.mark.parametrize("n", [1, 2])
def test_bad(n): assert n == 1

@pytest.mark.census("AG-003")
def test_skipped(): pytest.skip("no server")
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_a_row_is_held_when_every_test_marked_with_it_passed(
    tmp_path: Path, workers: tuple[str, ...]
) -> None:
    done = run(tmp_path, BOTH, "--census", "results", *workers)
    assert done.returncode == 1, done.stdout
    results = json.loads((tmp_path / "results/tests.json").read_text())
    assert results["partial"] == ""
    rows = conformance.rows_of(conformance.outcomes_of(results["tests"]))
    assert {row.id for row in rows if row.held} == {"AG-001"}
    assert {row.id for row in rows if row.tests} == {"AG-001", "AG-002", "AG-003"}


def test_a_marker_that_names_no_row_fails_the_run(tmp_path: Path) -> None:
    done = run(tmp_path, '@pytest.mark.census("AG-999")\ndef test_it(): pass')
    assert done.returncode != 0
    assert "no such census row: AG-999" in done.stdout + done.stderr


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_a_skip_fails_the_run_where_nothing_may_be_skipped_and_is_named(
    tmp_path: Path, workers: tuple[str, ...]
) -> None:
    body = 'def test_it(): pytest.skip("no server")'
    assert run(tmp_path, body, *workers).returncode == 0
    strict = run(tmp_path, body, *workers, QUARTERDECK_NO_SKIPS="1")
    assert strict.returncode == 1
    assert "test_it.py::test_it: Skipped: no server" in strict.stdout


@pytest.mark.parametrize(
    ("options", "body"),
    [
        (("-k", "good"), BOTH),
        (("-m", "census"), BOTH),
        (("-x",), BOTH),
        (("test_it.py::test_good",), BOTH),
        ((), f"{BOTH}\ndef test_breaks_off(): pytest.exit('enough', 3)"),
        ((), f"{BOTH}\nraise OSError"),
    ],
)
def test_results_of_a_run_that_was_not_whole_prove_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], body: str
) -> None:
    run(tmp_path, body, "--census", "results", *options)
    monkeypatch.setattr(conformance, "RESULTS", tmp_path / "results/tests.json")
    monkeypatch.setattr(conformance, "REPORT", tmp_path / "report.md")
    with pytest.raises(SystemExit, match="prove nothing"):
        conformance.main()
    assert not (tmp_path / "report.md").exists()
