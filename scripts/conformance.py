"""Which promises of the runbooks hold: from the results of tests, and from nothing else.

A row of ``conformance/census.csv`` is held when a test is marked with it and every test so
marked passed in the last whole run of ``make test``. Everything else is "not yet".
A run that broke off, or was of some tests only, proves nothing: marked tests may be missing.
Prints the table and writes ``conformance/report.md``.
"""

import csv
import json
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
CENSUS = ROOT / "conformance" / "census.csv"
RESULTS = ROOT / "conformance" / "results" / "tests.json"
REPORT = ROOT / "conformance" / "report.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A promise, and the tests marked with it by outcome."""

    id: str
    runbook: str
    area: str
    requirement: str
    tests: dict[str, str]

    @property
    def held(self) -> bool:
        return bool(self.tests) and set(self.tests.values()) == {"passed"}


def main() -> None:
    """Print held and not yet, by area and by runbook."""
    if not RESULTS.exists():
        sys.exit("No results yet: run `make test` first (the whole of it).")
    results = json.loads(RESULTS.read_text())
    if results["partial"]:
        sys.exit(f"These results prove nothing: {results['partial']}. Run the whole `make test`.")
    rows = rows_of(outcomes_of(results["tests"]))
    text = _tables(rows)
    print(text)
    REPORT.write_text(_report(rows, text))
    _show_broken(rows)


def outcomes_of(results: list[dict[str, object]]) -> dict[str, dict[str, str]]:
    tests: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for result in results:
        for row in result["rows"]:  # type: ignore[attr-defined]  # as tests/census.py writes it
            tests[row][str(result["test"])] = str(result["outcome"])
    return tests


def rows_of(tests: dict[str, dict[str, str]]) -> list[Row]:
    with CENSUS.open(newline="") as file:
        return [
            Row(
                id=line["id"],
                runbook=line["runbook"],
                area=line["area"],
                requirement=line["requirement"],
                tests=tests.get(line["id"], {}),
            )
            for line in csv.DictReader(file)
        ]


def _tables(rows: list[Row]) -> str:
    parts = [_table("area", {row.id: row.area for row in rows}, rows)]
    parts.append(_table("runbook", {row.id: row.runbook for row in rows}, rows))
    return "\n\n".join(parts)


def _table(title: str, group_of: dict[str, str], rows: list[Row]) -> str:
    groups: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[group_of[row.id]].append(row)
    lines = [f"| {title:<12} | held | not yet | of |", f"|{'-' * 14}|-----:|--------:|---:|"]
    lines += [_line(name, members) for name, members in sorted(groups.items())]
    return "\n".join([*lines, _line("all", rows)])


def _line(name: str, rows: list[Row]) -> str:
    held = sum(row.held for row in rows)
    return f"| {name:<12} | {held} | {len(rows) - held} | {len(rows)} |"


def _report(rows: list[Row], tables: str) -> str:
    held = [
        f"| {row.id} | {row.area} | {_cell(row.requirement)} | {_names(row.tests)} |"
        for row in rows
        if row.held
    ]
    head = "| row | area | promise | tests |\n|---|---|---|---|"
    return "\n".join(
        [
            "# What the runbooks promise, and what holds",
            "",
            "Written by `make conformance` from the results of `make test`; never by hand.",
            "",
            tables,
            "",
            "## Held",
            "",
            head,
            *held,
            "",
        ]
    )


def _cell(words: str) -> str:
    return words.replace("|", "\\|")


def _names(tests: dict[str, str]) -> str:
    functions = {test.partition("[")[0] for test in tests}  # one for all its parameters
    return "<br>".join(f"`{name}`" for name in sorted(functions))


def _show_broken(rows: list[Row]) -> None:
    for row in rows:
        for test, outcome in row.tests.items():
            if outcome != "passed":
                print(f"{row.id} is not held: {test} {outcome}")


if __name__ == "__main__":
    main()
