"""The status page on the command line."""

import json
from collections.abc import Callable
from pathlib import Path

Run = Callable[..., tuple[int, str, str]]
ACME = "--tenant acme"


def test_a_page_is_written_and_its_components_set(run: Run) -> None:
    assert "quarterdeck statuspage set SLUG" in run(f"statuspage show {ACME}")[2]
    assert run(f"statuspage set --title Acme {ACME}")[0] == 2
    assert run(f"statuspage set acme --title Acme {ACME}")[2] == "/status/acme is at version 1"
    assert run(f"statuspage set --support mailto:a@acme.example {ACME}")[2].endswith("version 2")
    code, _, words = run(f"statuspage component add web --title Web --group Shop {ACME}")
    assert (code, words) == (0, "component web is at version 1: not known")
    assert run(f"statuspage component add web --follows nothing {ACME}")[0] == 2
    words = run(f"statuspage component add web --follows prod/web {ACME}")[2]
    assert words == "component web is at version 2: not known"
    words = run(f"statuspage component set web partial_outage {ACME}")[2]
    assert words == "component web: partial_outage, by hand"
    assert run(f"statuspage component set web follow {ACME}")[2] == "component web: not known"
    assert run(f"statuspage component set web fine {ACME}")[0] == 2
    assert run(f"statuspage component remove web --yes {ACME}")[2] == "component web is removed"
    assert run(f"statuspage delete {ACME}")[0] != 0  # nobody says yes
    assert run(f"statuspage delete --yes {ACME}")[2] == "the status page is deleted"


def test_something_is_posted_updated_and_withdrawn(run: Run) -> None:
    run(f"statuspage set acme --title Acme {ACME}")
    run(f"statuspage component add web --title Web --follows prod/web {ACME}")
    posted = run(f"statuspage post Slow Looking --affects web=major_outage {ACME} --json")
    post = json.loads(posted[1])["post"]["id"]
    code, table, words = run(f"statuspage show {ACME}")
    assert (code, "not published; 0 told by mail" in words) == (0, True)
    assert "web\tWeb\tmajor_outage, by hand\tprod/web" in table
    assert f"{post}\tSlow\tinvestigating\tminor" in table
    done = run(f"statuspage update {post} Found --stage identified {ACME}")[2]
    assert "identified; the next update is due by" in done
    assert run(f"statuspage update {post} x --affects web {ACME}")[0] == 2
    assert run(f"statuspage resolve {post} {ACME}")[2] == f"{post} Slow: resolved"
    assert post in run(f"statuspage posts {ACME}")[1]
    assert run(f"statuspage withdraw {post} {ACME}")[0] != 0  # nobody says yes
    assert run(f"statuspage withdraw {post} --yes {ACME}")[2] == f"post {post} is withdrawn"
    assert run(f"statuspage publish {ACME}")[2] == "/status/acme is published"
    assert run(f"statuspage unpublish {ACME}")[2] == "/status/acme is not published"
    assert "nobody is told by mail" in run(f"statuspage subscribers {ACME}")[2]


def test_a_page_that_is_not_published_is_not_written_as_files(run: Run, tmp_path: Path) -> None:
    run(f"statuspage set acme --title Acme {ACME}")
    code, _, words = run(f"statuspage export {tmp_path / 'out'} {ACME}")
    assert (code, "not published" in words, (tmp_path / "out").exists()) == (2, True, False)
