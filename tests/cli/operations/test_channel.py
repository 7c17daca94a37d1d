"""Channels, methods and messages on the command line."""

import json
from collections.abc import Callable

from servers.sink import Sink

Run = Callable[..., tuple[int, str, str]]
HERE = "--tenant acme"


def test_a_channel_is_set_tested_and_removed(run: Run, came: Sink) -> None:
    assert "there is no channel" in run("channel list")[2]
    words = run(f"channel set ops --kind slack --place #ops {HERE}")[2]
    assert words.startswith("channel ops is at version 1; it needs its secret")
    set_ = f"channel set ops --secret - --mention {HERE}"
    assert run(set_, given=f"{came.url}/slack\n")[2] == "channel ops is at version 2"
    found = json.loads(run(f"channel show ops {HERE} --json")[1])
    assert (found["place"], found["mention"], found["has_secret"]) == ("#ops", True, True)
    assert "secret\tkept" in run(f"channel show ops {HERE}")[1]
    row = ["acme", "ops", "slack", "#ops"]
    assert run("channel list")[1].splitlines()[1].split("\t")[:4] == row
    came.answers["/slack"] = [200, 404]
    assert run(f"channel test ops {HERE}")[:2] == (0, "address\tanswer\n#ops\ttaken")
    code, table, _ = run(f"channel test ops {HERE}")
    assert (code, "refused for good" in table) == (1, True)
    assert run(f"channel set ops --secret word {HERE}")[0] == 2
    empty = run(f"channel set ops --secret - {HERE}", given="\n")
    assert (empty[0], "standard input has no secret" in empty[2]) == (2, True)
    assert run("message list --state faild")[0] != 0
    failed = json.loads(run("message list --state failed --json")[1])["messages"][0]
    assert run(f"message retry {failed['id']}")[2].endswith("is sent again")
    assert run(f"message drop {failed['id']} --yes")[2].endswith("is let go")
    assert "dropped" in run("message list --about channel/ops")[1]
    assert run(f"message drop {failed['id']} --yes")[0] == 3
    assert run(f"channel remove ops {HERE} --yes")[2] == "channel ops is removed"
    assert run(f"channel show ops {HERE}")[0] == 2


def test_a_channel_by_apprise_is_set_and_tested(run: Run, came: Sink) -> None:
    secret = f"json://{came.url.removeprefix('http://')}/a-secret"
    set_ = f"channel set phones --kind apprise --place Phones --secret - {HERE}"
    assert run(set_, given=f"{secret}\n")[2] == "channel phones is at version 1"
    assert run(f"channel test phones {HERE}")[:2] == (0, "address\tanswer\nPhones\ttaken")
    assert came.of("/a-secret")[0].body["title"].startswith("[INFO] Test of channel phones")
    refused = run(set_, given="syslog://local5\n")
    assert "acts on the machine that sends" in refused[2]


def test_methods_are_set_listed_and_removed(run: Run) -> None:
    assert "it is said of nobody" in run("method list")[2]
    line = "method set ada --by mail=a@x.example --by channel=ops --quiet 22:00-07:00"
    assert run(f"{line} --zone Europe/Oslo {HERE}")[2] == "methods of ada are at version 1"
    table = run("method list")[1].splitlines()[1].split("\t")
    assert table == ["acme", "ada", "mail a@x.example, channel ops", "22:00-07:00 Europe/Oslo"]
    assert len(json.loads(run("method list --json")[1])) == 1
    assert run(f"method set ada --by nothing {HERE}")[0] == 2
    assert run(f"method set ada --by mail=a@x.example --quiet night {HERE}")[0] == 2
    assert run(f"method remove ada {HERE} --yes")[2] == "methods of ada are forgotten"
