"""The review, waste and exports from the command line."""

import csv
import io
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from governance.estate import Estate, arm
from waiting import until

Run = Callable[..., tuple[int, str, str]]
DISKS = "Microsoft.Compute/disks"


def test_the_review_says_what_is_known_and_ends_with_1_only_when_a_check_fails(
    run: Run, estate: Estate
) -> None:
    estate.connect("contoso")
    run("sync run")
    code, table, _ = run("review")
    assert code == 0
    assert "Resource inventory current\tcurrent" in table
    code, found, _ = run("review --json")
    assert (code, len(json.loads(found)["checks"])) == (0, 6)


def test_waste_is_found_by_rule_and_ends_with_1(run: Run, estate: Estate) -> None:
    _, cloud = estate.connect("contoso")
    assert run("resource waste")[0] == 0
    cloud.pages["s1"] = [[arm("left", kind=DISKS, properties={"diskState": "Unattached"})]]
    run("sync run")
    code, table, _ = run("resource waste")
    assert code == 1
    assert "unattached-disk\t1\t0" in table
    assert "left" in run("resource list --finding unattached-disk --sort name")[1]


def test_what_there_is_is_written_to_a_file(run: Run, estate: Estate, tmp_path: Path) -> None:
    _, cloud = estate.connect("contoso")
    cloud.hold("alpha", "beta")
    run("sync run")
    path = tmp_path / "found.csv"

    def names() -> list[str]:
        assert run(f"export now resources --filter text=alp -o {path}")[0] == 0
        rows = csv.DictReader(io.StringIO(path.read_text(), newline=""))
        return [row["name"] for row in rows]

    # The estate's clock is a second ahead, and a file holds what was seen by its moment.
    until(lambda: names() == ["alpha"], 10, "the file has what was read")
    assert run("export now --filter alpha")[0] == 2


def test_an_export_is_begun_listed_and_removed(run: Run, estate: Estate) -> None:
    estate.connect("contoso")
    assert "begin with" in run("export list")[2]
    code, made, _ = run("export begin nightly --tenant contoso --json")
    assert code == 0, made
    export = json.loads(made)["id"]
    assert "nightly\tcontoso\tresources\t86400\t7" in run("export list")[1]
    assert run(f"export run {export}")[0] == 0
    assert run(f"export remove {export}")[0] == 2
    assert run(f"export remove {export} --yes")[0] == 0
    assert run(f"export files {export}")[0] == 2


def test_a_file_is_told_as_json_only_where_it_lies_elsewhere(
    run: Run, estate: Estate, tmp_path: Path
) -> None:
    _, cloud = estate.connect("contoso")
    cloud.hold("alpha")
    run("sync run")
    path = tmp_path / "found.csv"
    assert run("export now --json")[0] == 2
    code, found, _ = run(f"export now -o {path} --json")
    told = {"file": str(path), "size_bytes": path.stat().st_size}
    assert (code, json.loads(found)) == (
        0,
        told | {"digest": sha256(path.read_bytes()).hexdigest()},
    )


def test_long_lists_come_whole_a_line_each(run: Run, estate: Estate) -> None:
    _, cloud = estate.connect("contoso")
    cloud.hold(*(f"vm-{n}" for n in range(501)))
    run("sync run")

    def names() -> list[str]:
        lines = run("resource list --jsonl --sort name")[1].splitlines()
        return [json.loads(line)["name"] for line in lines]

    until(lambda: len(names()) == 501, 10, "the list has what was read")
    assert names() == sorted(f"vm-{n}" for n in range(501))
    assert run("resource list --jsonl --sort size")[0] == 2
    assert run("cost list --jsonl")[:2] == (0, "")
    assert run("compliance states --jsonl")[:2] == (0, "")
