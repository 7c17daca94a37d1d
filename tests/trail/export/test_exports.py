"""Exports: what they hold, who may have them, and what stops them."""

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest

from quarterdeck.access.roles.model import ROLES
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.errors import Forbidden, NotFound
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.outbox import outbox
from quarterdeck.kernel.work import Actor, begin
from quarterdeck.trail.export import service, verify
from quarterdeck.trail.export.jobs import Pace
from quarterdeck.trail.export.model import (
    Ask,
    Export,
    ExportBeyondYou,
    ExportEnded,
    ExportInvalid,
    ExportsUnavailable,
    Form,
    TrailExportNotFound,
)
from quarterdeck.trail.freeze.model import Frozen
from quarterdeck.trail.freeze.service import freeze
from quarterdeck.trail.log.record import Class, Outcome
from quarterdeck.trail.policy import service as policy
from quarterdeck.trail.policy.model import Kind
from quarterdeck.trail.query.model import Filter
from trail.export.press import ADA, CLEO, EVE, Exporter, unpacked
from trail.installation import Installation
from trail.logs import Logs, record, several

SALLY = Actor("sally", frozenset({("integrity:investigate", "*"), ("policies:write", "*")}))

AUDITOR = Actor("rita", frozenset((name, "acme") for name in ROLES["auditor"].permissions))


@pytest.fixture
def press(installation: Installation) -> Exporter:
    return Exporter(installation)


def appended(press: Exporter, *records: object) -> None:
    logs = Logs(press.installation)
    logs.append(*records)  # type: ignore[arg-type]  # records
    logs.sign()
    logs.close()


def rows(folder: Path, name: str = "records.ndjson") -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


@pytest.mark.census("ATP-428")
def test_a_bundle_of_a_range_verifies_and_is_the_same_bytes_each_time(
    press: Exporter, tmp_path: Path
) -> None:
    appended(press, *several(range(600)))
    first = press.made(first=100, end=500).read_bytes()
    press.installation.later(timedelta(days=1))
    second = press.made(first=100, end=500)
    assert second.read_bytes() == first
    folder = unpacked(second, tmp_path / "unpacked")
    said = verify.verify(folder, press.installation.vkey)
    assert said[0].endswith("every record of 100 to 499, at size 600")
    assert len(rows(folder)) == 400


def test_a_selection_is_read_from_the_log_and_verifies(press: Exporter, tmp_path: Path) -> None:
    appended(
        press, *several(range(20)), record(20, outcome=Outcome.DENIED), *several(range(21, 40))
    )
    made = press.made(complete=False, wanted=Filter(outcome="denied"))
    folder = unpacked(made, tmp_path / "unpacked")
    assert [row["index"] for row in rows(folder)] == [20]
    assert "a selection" in verify.verify(folder, press.installation.vkey)[0]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["filter"] == {"outcome": "denied"}
    none = press.made(complete=False, wanted=Filter(actor="nobody"))
    empty = unpacked(none, tmp_path / "empty")
    assert rows(empty) == []
    assert verify.verify(empty, press.installation.vkey)


def test_what_the_requester_may_not_read_is_a_hash_that_still_proves(
    press: Exporter, tmp_path: Path
) -> None:
    shown = record(0)
    masked = record(1, classification={"/payload/note": Class.RESTRICTED})
    appended(press, shown, masked)
    folder = unpacked(press.made(), tmp_path / "unpacked")
    one, other = rows(folder)
    assert "entry" in one
    assert "entry" not in other
    assert b"box 1" not in (folder / "records.ndjson").read_bytes()
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["records"], manifest["withheld"]) == (2, 1)
    assert verify.verify(folder, press.installation.vkey)
    plain = press.made(form=Form.NDJSON).read_text()
    assert "box 0" in plain
    assert "box 1" not in plain


def test_committed_fields_are_in_it_for_those_alone_who_may_disclose_them(
    press: Exporter, tmp_path: Path
) -> None:
    press.installation.name_somebody("Grace Hopper")
    press.installation.grow(3)
    with pytest.raises(Forbidden):
        press.ask(CLEO, disclose=True)
    without = unpacked(press.made(CLEO), tmp_path / "without")
    assert rows(without, "disclosures.ndjson") == []
    asked = press.ask(disclose=True)
    press.turn()
    found = press.one(asked)
    assert found.disclosed == 1
    folder = unpacked(press.download(found), tmp_path / "with")
    assert verify.verify(folder, press.installation.vkey)[1].endswith("committed to")
    assert len(rows(folder, "disclosures.ndjson")) == 1
    with pytest.raises(Forbidden):
        press.download(found, CLEO)


def test_whoever_sees_less_than_the_requester_does_not_get_the_file(press: Exporter) -> None:
    appended(press, record(0, classification={"/payload/note": Class.RESTRICTED}))
    with begin(press.installation.engine, SALLY, press.installation.clock) as work:
        shown = {"roles": {"auditor": {"restricted": "show"}}}
        policy.put(work, PLATFORM, Kind.REDACTION, shown)
    asked = press.ask(AUDITOR)
    press.turn()
    assert press.one(asked).withheld == 0
    assert press.download(asked, AUDITOR).is_file()
    with pytest.raises(ExportBeyondYou, match="ask for one of your own"):
        press.download(asked, CLEO)


@pytest.mark.census("ATP-396")
def test_a_freeze_refuses_exports_at_every_step(press: Exporter) -> None:
    appended(press, *several(range(5)))
    done = press.ask()
    press.turn()
    later = press.ask()
    with begin(press.installation.engine, SALLY, press.installation.clock) as work:
        freeze(work, "tamper-investigation")
    with pytest.raises(Frozen):
        press.ask()
    press.turn()
    failed = press.one(later)
    assert failed.state == "failed"
    assert "frozen" in failed.detail
    with pytest.raises(Frozen):
        press.download(done)


def test_one_that_was_stopped_leaves_no_file(press: Exporter) -> None:
    appended(press, *several(range(5)))
    asked = press.ask()
    cancel(press, asked)
    press.turn()
    assert press.one(asked).state == "cancelled"
    assert not list(press.folder.glob("*")) or not press.folder.exists()
    with pytest.raises(ExportEnded):
        cancel(press, asked)
    with pytest.raises(TrailExportNotFound, match="cancelled"):
        press.download(asked)


def cancel(press: Exporter, export: Export) -> None:
    with begin(press.installation.engine, ADA, press.installation.clock) as work:
        service.cancel(work, export.id)


def test_another_tenants_exports_are_not_there(press: Exporter) -> None:
    appended(press, *several(range(5)))
    asked = press.ask()
    with pytest.raises(NotFound):
        press.ask(EVE)
    with pytest.raises(TrailExportNotFound):
        press.one(asked, EVE)
    with press.installation.reading(EVE) as work:
        assert service.exports(work) == []
    with press.installation.reading(ADA) as work:
        assert [one.id for one in service.exports(work)] == [asked.id]


@pytest.mark.parametrize(("first", "end"), [(-1, 3), (3, 3), (0, 6), (5, None)])
def test_only_a_range_of_proven_records_can_be_exported(
    press: Exporter, first: int, end: int | None
) -> None:
    appended(press, *several(range(5)))
    with pytest.raises(ExportInvalid, match="proven records"):
        press.ask(first=first, end=end)


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ExportInvalid, match="no filter"):
        Ask(tenant="acme", wanted=Filter(actor="ada"))
    with pytest.raises(ExportInvalid, match="words"):
        Ask(tenant="acme", complete=False, wanted=Filter(words="box"))
    with pytest.raises(ExportInvalid, match="bundles alone"):
        Ask(tenant="acme", form=Form.CSV, disclose=True)


def test_a_file_that_is_not_here_is_said(press: Exporter) -> None:
    appended(press, *several(range(5)))
    press.made().unlink()
    with press.installation.reading(ADA) as work:
        (found,) = service.exports(work)
    with pytest.raises(ExportsUnavailable, match="not on this machine"):
        press.download(found)


def test_asking_making_and_handing_out_are_recorded(press: Exporter) -> None:
    appended(press, *several(range(5)))
    press.made()
    with reading(press.installation.engine) as db:
        names = [row.name for row in db.execute(outbox.select().order_by(outbox.c.sequence))]
    assert [one for one in names if one.startswith("Export")] == [
        "ExportRequested",
        "ExportFinished",
        "ExportDownloaded",
    ]


def test_a_budget_of_bytes_is_kept() -> None:
    pace = Pace(1000, began_s=7.0)
    assert pace.behind_s(500, now_s=7.0) == 0.5
    assert pace.behind_s(500, now_s=8.0) == 0
    assert Pace(0, began_s=7.0).behind_s(10**9, now_s=7.0) == 0


def test_csv_has_a_line_for_each_record_and_no_formula(press: Exporter) -> None:
    appended(press, record(0, action="=cmd|' /C calc'!A0"), record(1))
    text = press.made(form=Form.CSV).read_text()
    found = list(csv.DictReader(io.StringIO(text)))
    assert [row["action"] for row in found] == ["'=cmd|' /C calc'!A0", "orders:create"]
    assert (found[1]["actor_id"], found[1]["resource_id"], found[1]["index"]) == ("u1", "o1", "1")


def test_cloudevents_bear_what_the_specification_requires(press: Exporter) -> None:
    appended(press, record(1))
    event = json.loads(press.made(form=Form.CLOUDEVENTS).read_text())
    assert (event["specversion"], event["id"], event["type"]) == ("1.0", "r1", "orders:create")
    assert (event["source"], event["subject"]) == ("/sources/tests", "order/o1")
    assert event["data"] == {"number": 1, "note": "box 1"}
    assert all(name.isalnum() and name.islower() for name in event)


@pytest.mark.parametrize(
    ("action", "required"),
    [
        ("orders:create", {"actor", "api", "src_endpoint"}),
        ("orders:ponder", {"actor", "api", "src_endpoint"}),
        ("principals:create", {"user"}),
    ],
)
def test_an_ocsf_event_has_what_its_class_requires(
    press: Exporter, action: str, required: set[str]
) -> None:
    """As ocsf-schema (1.x) requires of every event, of API Activity and of Account Change."""
    appended(press, record(0, action=action))
    event = json.loads(press.made(form=Form.OCSF).read_text())
    numbers = {"activity_id", "category_uid", "class_uid", "severity_id", "time", "type_uid"}
    assert required | numbers | {"metadata"} <= event.keys()
    assert all(type(event[name]) is int for name in numbers)
    assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
    assert event["class_uid"] // 1000 == event["category_uid"]
    assert {"version", "product"} <= event["metadata"].keys()
    assert {"name", "vendor_name"} <= event["metadata"]["product"].keys()
    assert event["actor"]["user"]["uid"]
    assert event["api"]["operation"] == action
    assert event["src_endpoint"]["svc_name"]
    # 99, Other, is told in the source's own words.
    assert (event["activity_id"] == 99) == (event.get("activity_name") == action)


def test_ocsf_classes_accounts_apart_from_other_activity(press: Exporter) -> None:
    appended(press, record(0), record(1, action="grants:revoke", outcome=Outcome.DENIED))
    lines = press.made(form=Form.OCSF).read_text().splitlines()
    api, account = map(json.loads, lines)
    assert (api["class_uid"], api["category_uid"], api["type_uid"]) == (6003, 6, 600301)
    assert (api["metadata"]["version"], api["status_id"]) == ("1.3.0", 1)
    assert api["resources"] == [{"uid": "o0", "type": "order"}]
    assert (account["class_uid"], account["type_uid"], account["status_id"]) == (3001, 300108, 2)
    assert account["user"]["uid"] == "o1"
