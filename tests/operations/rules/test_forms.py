"""Rules in the forms of others: the runbooks', Prometheus'; and out again."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from operations.rules.stage import CPU, Stage
from quarterdeck.kernel import composing
from quarterdeck.operations.rules.catalogue import CATALOGUE
from quarterdeck.operations.rules.document import doc_of, kept, rule_of, text_of
from quarterdeck.operations.rules.durations import iso, prometheus, written_iso, written_prometheus
from quarterdeck.operations.rules.forms import native, phoenix, sync
from quarterdeck.operations.rules.forms import prometheus as files
from quarterdeck.operations.rules.forms import text as texts
from quarterdeck.operations.rules.model import PromQL, Rule, RuleInvalid, State, Threshold
from quarterdeck.operations.rules.service import exchanging, looking
from quarterdeck.operations.rules.service.exchanging import Form, read

SYNC = """\
alerts:
  - name: sync_failure
    condition: job.status == "failed"
    severity: critical
    notification: immediate

  - name: sync_stalled
    condition: last_success > expected_interval * 2
    severity: warning
    notification: within_1_hour

  - name: high_error_rate
    condition: error_rate > 10% over 1 hour
    severity: warning
    notification: within_1_hour
"""
PHOENIX = """\
{
  "alertRules": [
    {
      "name": "high-cpu-usage",
      "threshold": 80,
      "window": "PT5M",
      "action": {
        "type": "email",
        "recipients": ["ops@phoenixvc.tech"]
      }
    }
  ]
}
"""


def threshold(rule: Rule) -> Threshold:
    assert isinstance(rule.condition, Threshold)
    return rule.condition


def promtool(text: str, folder: Path) -> str:
    file = folder / "rules.yml"
    file.write_text(text)
    done = subprocess.run(
        ["promtool", "check", "rules", str(file)], capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def test_every_public_rule_comes_in_and_goes_out_as_it_was(
    shared_data: Path, tmp_path: Path
) -> None:
    root = shared_data / "data" / "alert-rules" / "dist" / "rules"
    every: list[Rule] = []
    for path in sorted(root.rglob("*.yml")):
        file = str(path.relative_to(root).with_suffix(""))
        found = read(path.read_text(), file)
        out = files.write(found.rules)
        assert list(read(out, file).rules) == list(found.rules), file
        assert spoken(out) == spoken(path.read_text()), file
        every += found.rules
    assert (len(every), len({rule.name for rule in every})) == (954, 954)
    assert [kept(text_of(rule)) for rule in every] == every
    assert "SUCCESS: 954 rules found" in promtool(files.write(every), tmp_path)


def spoken(text: str) -> Any:  # noqa: ANN401  YAML
    """What a rule file says, however it writes it; a group without rules says nothing."""
    found = yaml.load(text, Loader=yaml.CBaseLoader)["groups"]  # noqa: S506  no objects come of it
    groups = [group for group in found if group["rules"]]
    for group in groups:
        for rule in group["rules"]:
            rule["for"] = prometheus(rule.get("for", "0s"))
    return groups


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20)
names = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,8}", fullmatch=True)
rules = st.fixed_dictionaries(
    {"alert": names, "expr": words.filter(str.strip)},
    optional={
        "for": st.integers(1, 10**6).map(lambda s: f"{s}s"),
        "labels": st.dictionaries(names, words.filter(bool), min_size=1, max_size=3),
        "annotations": st.dictionaries(names, words.filter(bool), min_size=1, max_size=3),
    },
)


@settings(deadline=None)
@given(st.lists(rules, min_size=1, max_size=5), st.sampled_from(["", "30s", "5m"]))
def test_whatever_a_file_says_comes_out_again(said: list[dict[str, Any]], every: str) -> None:
    group = {"name": "g", **({"interval": every} if every else {}), "rules": said}
    text = yaml.safe_dump({"groups": [group]}, allow_unicode=True)
    found = read(text, "f")
    out = files.write(found.rules)
    assert spoken(out) == spoken(text)
    assert list(read(out, "f").rules) == list(found.rules)


@pytest.mark.parametrize("odd", ["a\x85b", "a\u2028b", "\u2029", "\ufeffa"])
def test_what_a_reader_may_take_for_a_break_comes_out_again(odd: str) -> None:
    rule = rule_of({**CPU, "annotations": {"a": odd}})
    assert read(native.write([rule])).rules == [rule]
    assert yaml.safe_load(looking.yaml_of(rule)) == doc_of(rule)
    rule = Rule(name="a", condition=PromQL(expr=f'a{{b="{odd}"}}'), annotations={"a": odd})
    [again] = read(files.write([rule])).rules
    assert (again.condition, again.annotations) == (rule.condition, rule.annotations)


@given(st.integers(0, 10**7 - 1))
def test_durations_are_written_as_they_are_read(seconds: int) -> None:
    assert iso(written_iso(prometheus(f"{seconds}s"))).total_seconds() == seconds
    assert prometheus(written_prometheus(iso(f"PT{seconds}S"))).total_seconds() == seconds


def test_a_group_that_nobody_evaluates_for_ten_years_is_refused() -> None:
    text = "groups: [{name: g, interval: 9999y, rules: [{alert: a, expr: b}]}]"
    with pytest.raises(RuleInvalid, match="9999y is longer than ten years"):
        read(text)


def test_two_rules_of_one_alert_in_a_file_are_two(tmp_path: Path) -> None:
    text = """
groups:
  - name: disk
    limit: 10
    rules:
      - record: a:b
        expr: sum(b)
      - {alert: DiskFull, expr: free < 0.1, labels: {severity: warning}}
      - {alert: DiskFull, expr: free < 0.05, labels: {severity: critical}, keep_firing_for: 5m}
"""
    found = read(text, "node")
    assert [(rule.name, rule.alertname) for rule in found.rules] == [
        ("DiskFull", "DiskFull"),
        ("DiskFull-2", "DiskFull"),
    ]
    assert "a:b: no alert rule, left out" in found.notes[0]
    out = files.write(found.rules)
    assert "SUCCESS: 2 rules found" in promtool(out, tmp_path)
    assert yaml.safe_load(out)["groups"][0]["limit"] == 10
    long = read(text.replace("limit: 10", f"limit: {'9' * 5000}"))
    assert long.rules[0].group is not None
    assert long.rules[0].group.extra == {"limit": "9" * 5000}
    moon = read(text.replace("expr: free < 0.1", "expr: 2026-13-01"), "node")
    assert moon.rules[0].condition == PromQL(expr="2026-13-01")


@pytest.mark.census("AG-029")
def test_the_yaml_of_runbook_000_loads_as_written_and_a_changed_threshold_is_used(
    stage: Stage,
) -> None:
    found = read(SYNC)
    assert found.form is Form.SYNC
    assert [rule.notification for rule in found.rules] == [
        "immediate",
        "within_1_hour",
        "within_1_hour",
    ]
    assert yaml.safe_load(sync.write(found.rules)) == yaml.safe_load(SYNC)
    with stage.work() as work:
        done = exchanging.carry_in(work, "acme", SYNC.replace("10%", "4 %"))
    assert list(done.created) == ["sync_failure", "sync_stalled", "high_error_rate"]
    runs = "quarterdeck_sync_runs_total"
    for n in range(20):
        stage.record(runs, n * 19, domain="costs", state="succeeded")
        stage.record(runs, n, domain="costs", state="failed")
        stage.record("quarterdeck_sync_age_seconds", 7000, domain="resources", tenant="acme")
        stage.record("quarterdeck_sync_interval_seconds", 3600, domain="resources", tenant="acme")
        stage.feed(None)
    assert stage.state("high_error_rate") is State.FIRING  # 5 % of the runs: more than 4, not 10
    assert stage.state("sync_failure") is State.FIRING
    assert stage.state("sync_stalled") is State.INACTIVE
    assert stage.standing("sync_stalled").value == pytest.approx(7000 / 3600)
    with stage.work() as work:
        assert list(exchanging.carry_in(work, "acme", SYNC).changed) == ["high_error_rate"]
    stage.record(runs, 20 * 19, domain="costs", state="succeeded")
    stage.feed(None)
    assert stage.state("high_error_rate") is State.INACTIVE


def test_words_that_a_rule_has_outgrown_are_not_said(stage: Stage) -> None:
    rule = read(SYNC).rules[2]
    doc = doc_of(rule)
    outgrown = [
        rule_of({**doc, "threshold": {**doc["threshold"], "value": 0.2}}),
        rule_of({**doc, "threshold": {**doc["threshold"], "window": "PT2H"}}),
        rule_of({**doc, "for": "PT5M"}),
        rule_of({**doc, "keep_firing": "PT5M"}),
        rule_of({**doc, "words": f"error_rate > {'9' * 400}% over 1 hour"}),
        rule_of({**doc, "words": "error_rate > 10% over 999999999 days"}),
    ]
    assert yaml.safe_load(sync.write(outgrown)) == {"alerts": []}
    stage.apply({**doc, "for": "PT0S"})
    with stage.work() as work:
        out = exchanging.carry_out(work, "acme", Form.SYNC)
    assert yaml.safe_load(out)["alerts"] == [yaml.safe_load(SYNC)["alerts"][2]]


@pytest.mark.parametrize(
    "line",
    [
        "error_rate > 10%",
        "error_rate over 1 hour",
        'job.status == "failed" or true',
        "last_success > 2",
    ],
)
def test_a_condition_that_nobody_defined_is_refused_with_its_place(line: str) -> None:
    text = yaml.safe_dump({"alerts": [{**yaml.safe_load(SYNC)["alerts"][0], "condition": line}]})
    with pytest.raises(RuleInvalid, match=r"alerts\[0\]\.condition: expected job\.status"):
        read(text)


@pytest.mark.census("PX-036", "PX-038")
def test_the_json_of_runbook_003_loads_as_written() -> None:
    found = read(PHOENIX)
    [rule] = found.rules
    assert (found.form, threshold(rule).value, rule.hold) == (Form.JSON, 80, iso("PT5M"))
    assert str(threshold(rule).measure.of) == "CpuPercentage"
    assert rule.actions[0].recipients == ("ops@phoenixvc.tech",)
    assert json.loads(phoenix.write(found.rules)) == json.loads(PHOENIX)
    assert any("no e-mail is sent" in note for note in found.notes)
    for name in ("name", "threshold", "window", "action"):
        said = json.loads(PHOENIX)
        del said["alertRules"][0][name]
        with pytest.raises(RuleInvalid, match=f"`{name}`"):
            read(json.dumps(said))
    [longer] = read(PHOENIX.replace("PT5M", "PT10M")).rules
    assert longer.hold == iso("PT10M")
    for old, new in (("PT5M", "5 minutes"), ("PT5M", "5m"), ("high-cpu-usage", "high-fever")):
        with pytest.raises(RuleInvalid, match="expected"):
            read(PHOENIX.replace(old, new))


@pytest.mark.census("ATP-125")
def test_the_catalogue_of_runbook_004_has_its_twelve_rules_and_one_more(
    stage: Stage, tmp_path: Path
) -> None:
    rows = [
        ("ServiceDown", "SEV-1", "6.1", "Pod restart (K8s)"),
        ("HighErrorRate", "SEV-2", "6.2", ""),
        ("HighLatency", "SEV-2", "6.3", ""),
        ("DatabaseConnectionFailure", "SEV-1", "8.1", "Retry, then page"),
        ("MessageBusDown", "SEV-1", "9.1", "Retry, then page"),
        ("ProjectionLagHigh", "SEV-2", "10.1", "Scale workers (KEDA)"),
        ("DLQBacklog", "SEV-3", "10.2", "Alert only"),
        ("DiskSpaceLow", "SEV-2", "15.1", ""),
        ("CertificateExpiring", "SEV-3", "14.1", ""),
        ("KeyRotationOverdue", "SEV-2", "14.2", ""),
        ("TamperDetected", "SEV-1", "17.1", "Freeze, escalate"),
        ("ComplianceViolation", "SEV-1", "19.1", "Freeze, escalate"),
        ("ConnectionPoolUse", "SEV-3", "8.1", ""),
    ]
    found = [
        (rule.name, rule.severity, rule.runbook.split()[2], rule.remediation) for rule in CATALOGUE
    ]
    assert found == rows
    assert all(rule.annotations["threshold"] for rule in CATALOGUE)
    assert [rule_of(doc_of(rule)) for rule in CATALOGUE] == list(CATALOGUE)
    assert "SUCCESS: 13 rules found" in promtool(files.write(CATALOGUE), tmp_path)
    stage.apply(CPU | {"name": "DLQBacklog"})
    with stage.work() as work:
        done = exchanging.install_catalogue(work, "acme")
    assert (len(done.created), list(done.unchanged)) == (12, ["DLQBacklog"])


@pytest.mark.census("BK-005")
def test_a_rule_that_links_to_no_runbook_is_refused() -> None:
    with pytest.raises(RuleInvalid, match="expected runbook"):
        read(yaml.safe_dump({"rules": [{**CPU, "runbook": ""}]}))
    assert read(yaml.safe_dump({"rules": [CPU]})).rules == [rule_of(CPU)]


def test_what_is_wrong_is_refused_with_its_place() -> None:
    for said, why in (
        ({"threshold": {"of": "cpu{"}}, "high-cpu"),
        ({"threshold": {"of": "cpu", "value": 1, "window": "5 minutes"}}, "expected a duration"),
        ({"threshold": {"of": "cpu", "value": 1, "window": "P2D"}}, "a day long at most"),
        ({"threshold": {"of": "cpu", "value": 1, "among": "x"}}, "need by"),
        ({"threshold": {"of": "cpu", "value": 1, "function": "median"}}, r"threshold\.function"),
        ({"promql": "up == 0"}, "expected one of"),
        ({"for": "PT1000H"}, "30 days at most"),
        ({"colour": "red"}, "colour"),
    ):
        with pytest.raises(RuleInvalid, match=why):
            rule_of({**CPU, **said})
    for text in ("", "a: [", "- 1", "rules: [1]", "alerts: []\nrules: []", "&a {groups: [*a]}"):
        with pytest.raises(RuleInvalid):
            read(text)


@pytest.mark.parametrize("number", ["1e2", "1E+2", "10.0e1", "1000e-1", "100"])
def test_every_number_of_json_is_one(number: str) -> None:
    action = '{"type": "email", "recipients": ["ops@example.com"]}'
    rule = f'"name": "high-cpu-usage", "window": "PT5M", "action": {action}'
    found = read(f'{{"alertRules": [{{{rule}, "threshold": {number}}}]}}')
    assert threshold(found.rules[0]).value == 100


def test_what_is_nested_a_million_times_is_refused_at_once() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]"
        for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    with pytest.raises(RuleInvalid, match="too much"):
        read("\n".join([*lines, "rules: *i"]))
    with pytest.raises(RuleInvalid, match="nested deeper"):
        read("rules: " + "[" * 1_000_000)


def test_a_threshold_that_is_no_number_is_refused_in_every_form() -> None:
    for value in (".nan", ".inf", "-.inf"):
        with pytest.raises(RuleInvalid, match="expected a threshold that is a number"):
            read(yaml.safe_dump({"rules": [CPU]}).replace("value: 80", f"value: {value}"))
        with pytest.raises(RuleInvalid, match="expected a threshold that is a number"):
            read(PHOENIX.replace("80", value))
    with pytest.raises(RuleInvalid, match="expected a threshold that is a number"):
        read(SYNC.replace("10%", f"{'9' * 400}%"))
    with pytest.raises(RuleInvalid, match="expected a threshold that is a number"):
        read(SYNC.replace("interval * 2", f"interval * {'9' * 400}"))
    with pytest.raises(RuleInvalid, match="condition: expected"):
        read(SYNC.replace("1 hour", f"{'9' * 40} hours"))


@pytest.mark.parametrize(
    ("scalar", "why"),
    [
        ("!!bool foo", "line 2: no bool"),
        ('!!int ""', "line 2: no int"),
        ("!!timestamp x", "line 2: no timestamp"),
        ("2026-13-01", "line 2: no timestamp"),
        ("[1, &a !!float z]", "line 2: no float"),
        ("[1, \n1:" + "59:" * 300 + "59.5]", "line 3: no float"),
        pytest.param(
            "1:" + "59:" * 1_000_000 + "59",
            "line 2: a number has at most 1000 characters",
            id="of-hours",
        ),
        ("9" * 4400, "line 2: a number has at most 1000 characters"),
        ("{[1, 2]: 3}", "line 2: a name is a text"),
    ],
)
def test_a_value_that_is_none_is_refused_with_its_line(scalar: str, why: str) -> None:
    with pytest.raises(RuleInvalid, match=f"^{why}"):
        read(f"rules:\n  - {scalar}")


@pytest.mark.parametrize(
    ("scalar", "why"),
    [
        (r'"a\0b"', "line 2: text must have no NUL"),
        ("a\0b", "line 2: YAML has no such character: '.x00'"),
        ("a\ud800b", "line 2: YAML has no such character: '.ud800'"),
        ("a\x07b", "line 2: YAML has no such character: '.x07'"),
        ("{a: 1, b: 2, 'a': 3}", "line 2: 'a' stands there twice"),
    ],
)
def test_what_cannot_be_stored_and_keys_that_stand_twice_are_refused(scalar: str, why: str) -> None:
    for key in ("rules", "groups"):
        with pytest.raises(RuleInvalid, match=f"^{why}"):
            read(f"{key}:\n  - {scalar}")


def test_a_lone_surrogate_is_refused_by_either_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    for reader in (composing.LOADER, yaml.SafeLoader):
        monkeypatch.setattr(texts, "LOADER", reader)
        with pytest.raises(RuleInvalid, match=r"^line 1: .*(surrogate|escape code)"):
            read(r'rules: ["\ud800"]')
