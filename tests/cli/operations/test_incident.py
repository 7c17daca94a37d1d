"""Incidents on the command line."""

import json
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from operations.incidents.chatted import LINK, chatted
from quarterdeck.access.principals.model import installation
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.work import begin
from quarterdeck.operations.channels.model.channel import Channel, Kind
from quarterdeck.operations.channels.service import keeping as channels
from quarterdeck.operations.incidents.service.chatting import ABSENT
from quarterdeck.operations.severities import service as severities
from quarterdeck.operations.severities.house import LADDER
from quarterdeck.operations.severities.model import Ladder
from quarterdeck.runtime import Runtime

Run = Callable[..., tuple[int, str, str]]
HERE = "--tenant acme"


def declare(run: Run, more: str = "") -> str:
    line = f"incident declare Latency --severity P2 --service web --affected acme {HERE} {more}"
    found: str = json.loads(run(f"{line} --json")[1])["id"]
    return found


def test_an_incident_is_declared_led_and_resolved(run: Run, tmp_path: Path) -> None:
    assert "no incident; quarterdeck incident declare" in run("incident list")[2]
    one = declare(run)
    attention = json.loads(run("status --json")[1])
    assert attention[0]["do"] == f"quarterdeck incident show {one}"
    row = run("incident list")[1].splitlines()[1].split("\t")
    assert row[:4] == [one, "[SEV-2] web Latency", "Investigating", "detection"]
    code, _, words = run(f"incident acknowledge {one} --note soon")
    assert (code, words) == (0, f"{one} [SEV-2] web Latency: acknowledgement, Investigating")
    assert run(f"incident assign {one} --ic ada --tl tom")[2] == f"{one}: ic ada, tl tom"
    assert run(f"incident assign {one}")[0] == 2
    assert run(f"incident advance {one} triage")[0] == 0
    code, _, words = run(f"incident resolve {one}")
    assert (code, "before resolution, record: the impact" in words) == (3, True)
    said = "--users slow --temporary restarted --validated seen --root-cause pool --integrity whole"
    assert run(f"incident describe {one} {said}")[0] == 0
    assert run(f"incident note {one} restarted --kind action")[0] == 0
    assert run(f"incident severity {one} SEV-3 --why contained")[0] == 0
    assert run(f"incident check {one} 1 --note fine")[2] == "item 1 is done"
    assert run(f"incident act {one} pool --owner ada")[2] == f"{one} has action item 1"
    assert run("incident actions")[1].splitlines()[1].split("\t")[:4] == [one, "1", "pool", "ada"]
    assert run(f"incident done {one} 1")[2] == "action item 1 is done"
    shown = run(f"incident show {one}")[1]
    assert "action 1\t[x] pool" in shown
    assert "severity: SEV-2 to SEV-3: contained" in shown
    assert run(f"incident resolve {one}")[0] == 0
    _is_written_down(run, one, tmp_path)


def _is_written_down(run: Run, one: str, tmp_path: Path) -> None:
    assert run("incident pace")[1].splitlines()[1].split("\t")[:2] == ["SEV-3", "1"]
    assert run(f"incident reopen {one} --why back")[0] == 0
    assert run(f"incident describe {one} --link ticket=OPS-17 --validated again")[0] == 0
    assert run(f"incident describe {one} --link ticket")[0] == 2
    assert run(f"incident resolve {one}")[0] == 0
    out = tmp_path / "report.md"
    assert run(f"incident report {one} --form brief --output {shlex.quote(str(out))}")[0] == 0
    assert out.read_text().startswith("## Incident Report: Latency\n")
    assert f"# {one}: [SEV-3]" in run(f"incident report {one}")[1]
    paper = f"incident report {one} --form postmortem --format pdf"
    assert run(paper)[::2] == (2, "a PDF goes into a file: --output postmortem.pdf")
    out = tmp_path / "report.pdf"
    assert run(f"{paper} --output {shlex.quote(str(out))}")[::2] == (0, f"written to {out}")
    assert out.read_bytes().startswith(b"%PDF-")


def test_customers_are_told_once_legal_approved(run: Run) -> None:
    one = declare(run, "--flag security")
    code, _, words = run(f"incident notify {one} Sorry")
    assert (code, "Legal must approve" in words) == (3, True)
    assert run(f"incident approve {one} --note case-17")[0] == 0
    code, _, words = run(f"incident notify {one} Sorry")
    assert (code, "quarterdeck contact set NAME" in words) == (3, True)
    said = "--title Acme --section customer --customer-of acme --channel mail=ops@acme.example"
    assert run(f"contact set acme {said} {HERE}")[0] == 0
    assert run(f"incident notify {one} Sorry")[0] == 0


def test_something_is_classified(run: Run) -> None:
    code, out, words = run(f"incident classify --impact many --urgency high {HERE}")
    assert (code, out, words) == (0, "SEV-2", "High: impact many, urgency high")
    flagged = run(f"incident classify --impact few --urgency low --flag integrity {HERE} --json")
    assert json.loads(flagged[1])["severity"]["name"] == "SEV-1"
    assert run(f"incident classify --impact vast --urgency high {HERE}")[0] == 2


@pytest.mark.census("PX-033", "PX-034")
def test_incident_response_is_activated_by_a_word_of_a_scale(run: Run, runtime: Runtime) -> None:
    rows = tuple(replace(row, channels=("ops",)) for row in LADDER.severities)
    with begin(runtime.engine, installation(), utc_now) as work:
        way = Channel(name="ops", kind=Kind.WEBHOOK, url="https://chat.example/")
        channels.put(work, "acme", way)
        severities.put(work, "acme", Ladder(severities=rows))
    names = {"low": "SEV-4", "medium": "SEV-3", "high": "SEV-2", "critical": "SEV-1"}
    for word, severity in names.items():
        code, out, _ = run(f"incident respond --severity {word} --notify-team true {HERE}")
        found = json.loads(run(f"incident show {out} --json")[1])
        assert (code, found["incident"]["severity"]) == (0, severity)
        assert any(one["title"].startswith(out) for one in found["messages"])
    out = run(f"incident respond --severity high --notify-team false {HERE}")[1]
    assert json.loads(run(f"incident show {out} --json")[1])["messages"] == []
    assert run(f"incident respond --severity urgent {HERE}")[0] == 2
    assert run(f"incident respond --severity high --notify-team maybe {HERE}")[0] == 2


def test_it_shows_where_its_channel_in_slack_is_or_why_there_is_none(
    run: Run, runtime: Runtime
) -> None:
    one = declare(run)
    assert f"in Slack\t{ABSENT}" in run(f"incident show {one}")[1]
    with begin(runtime.engine, installation(), utc_now) as work:
        chatted(work, one)
    assert f"in Slack\t{LINK}" in run(f"incident show {one}")[1]
    said = run(f"channel set rooms --kind slack-rooms {HERE}")[2]
    assert "needs its secret: a bot's token (xoxb-...)" in said
