"""Severities on the command line."""

import json
from collections.abc import Callable

Run = Callable[..., tuple[int, str, str]]


def test_severities_and_their_matrix_are_shown(run: Run) -> None:
    code, table, _ = run("severity list --tenant acme")
    first = ["SEV-1", "P1, critical", "5 min", "240 min", "at once", "every 15 min", "customers"]
    assert (code, table.splitlines()[1].split("\t")) == (0, first)
    assert len(json.loads(run("severity list --json")[1])["severities"]) == 4
    rows = run("severity matrix")[1].splitlines()
    assert "many\tSeveral tenants notice\tSEV-2\tSEV-2\tSEV-3" in rows
    assert "flag integrity\twhatever the impact\tSEV-1\tSEV-1\tSEV-1" in rows
    assert "high" in json.loads(run("severity matrix --json")[1])["urgencies"]
