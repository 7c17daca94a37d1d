"""The directory on the command line."""

import json
from collections.abc import Callable

Run = Callable[..., tuple[int, str, str]]
HERE = "--tenant acme"


def test_a_contact_is_set_shown_suggested_and_deleted(run: Run) -> None:
    assert "there is no contact: quarterdeck contact set" in run("contact list")[2]
    code, _, words = run(
        f"contact set dba --title Experts --section expert --channel mail=dba@example.com "
        f"--channel chat=#db --topic database --responds-in-min 30 {HERE}"
    )
    assert (code, words) == (0, "contact dba is at version 1")
    assert run(f"contact set dba --level 2 --responds-in-min 0 {HERE}")[2].endswith("version 2")
    found = json.loads(run(f"contact show dba {HERE} --json")[1])
    assert (found["level"], found["responds_in_min"], len(found["channels"])) == (2, None, 2)
    code, table, _ = run("contact list --section expert --level 2")
    row = ["acme", "dba", "expert", "2", "Experts", "mail dba@example.com"]
    assert (code, table.splitlines()[1].split("\t")) == (0, row)
    assert "knows about\tdatabase" in run(f"contact show dba {HERE}")[1]
    assert "dba" in run(f"contact suggest atp-database {HERE}")[1]
    assert json.loads(run(f"contact suggest network {HERE} --json")[1]) == []
    assert run(f"contact set dba --channel nothing {HERE}")[0] == 2
    assert run(f"contact set dba --channel mail=nobody {HERE}")[0] != 0
    assert run(f"contact delete dba {HERE}")[0] != 0  # nobody says yes
    assert run(f"contact delete dba {HERE} --yes")[2] == "contact dba is deleted"
    assert run(f"contact show dba {HERE}")[0] == 2
