"""alertmanager.yml is read, and refused with the line where it is wrong."""

import json
import re
import subprocess
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterdeck.operations.routing.intervals import BadInterval, TimeInterval, day_range
from quarterdeck.operations.routing.model import RoutingInvalid, Webhook
from quarterdeck.operations.routing.reading import read
from servers import prometheus

GOOD = """\
global:
  resolve_timeout: 10m
  smtp_smarthost: mail.example:25
route:
  receiver: team
  group_by: ['alertname', cluster]
  group_wait: 0s
  routes:
    - matchers: [severity="critical", 'team=~"a|b"']
      receiver: pager
      continue: true
      active_time_intervals: [office]
      routes:
        - match: {service: db}
          repeat_interval: 1d12h
    - match_re: {service: ^web.*$}
      group_by: ['...']
      mute_time_intervals: [nights]
inhibit_rules:
  - source_match: {severity: critical}
    target_matchers: ['severity=~"warning|info"']
    equal: [cluster]
time_intervals:
  - name: office
    time_intervals:
      - times: [{start_time: '09:00', end_time: '17:00'}]
        weekdays: ['monday:friday']
        location: Europe/Stockholm
mute_time_intervals:
  - name: nights
    time_intervals:
      - times: [{start_time: '00:00', end_time: '06:00'}]
        days_of_month: ['1:5', '-3:-1']
        months: ['january:march', '12']
        years: ['2026:2028']
receivers:
  - name: team
    webhook_configs:
      - url: https://hooks.example/team
        send_resolved: false
        max_alerts: 5
        http_config: {authorization: {credentials: hush}}
  - name: pager
"""


def test_a_whole_configuration_is_read() -> None:
    found = read(GOOD)
    assert found.resolve_timeout == timedelta(minutes=10)
    assert found.notes == ("line 3: smtp_smarthost has no effect",)
    first, second = found.root.routes
    assert (first.receiver, first.goes_on, first.active) == ("pager", True, ("office",))
    assert first.group_by == ("alertname", "cluster")
    [deeper] = first.routes
    assert (deeper.receiver, deeper.active) == ("pager", ())
    assert deeper.repeat_interval == timedelta(hours=36)
    assert deeper.key == '{}/{severity="critical",team=~"a|b"}/{service="db"}'
    assert (second.group_by, second.receiver) == (None, "team")
    [hook] = found.receivers["team"].webhooks
    assert isinstance(hook, Webhook)
    assert (hook.send_resolved, hook.most) == (False, 5)
    assert hook.headers == {"Authorization": "Bearer hush"}


def test_a_redirect_that_is_to_be_followed_is_noted_for_none_is() -> None:
    for said, notes in (("true", ("line 42: no redirect is followed",)), ("false", ())):
        text = GOOD.replace("http_config: {", f"http_config: {{follow_redirects: {said}, ")
        assert read(text).notes[1:] == notes


def test_amtool_finds_it_good_too(tmp_path: Path) -> None:
    if reason := prometheus.missing(prometheus.AMTOOL):
        pytest.skip(reason)
    path = tmp_path / "alertmanager.yml"
    path.write_text(GOOD.replace("smtp_smarthost: mail.example:25", "smtp_from: a@b"))
    done = subprocess.run(["amtool", "check-config", str(path)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("old", "new", "line", "why"),
    [
        ("receiver: team", "receiver: nobody", 5, "undefined receiver 'nobody'"),
        ("receiver: team", "receivr: team", 5, "field receivr not found"),
        (
            "receiver: team\n",
            "receiver: team\n  matchers: [a=b]\n",
            6,
            "must not have any matchers",
        ),
        ("  receiver: team\n", "", 5, "must specify a default receiver"),
        ("group_wait: 0s", "group_wait: soon", 7, "not a valid duration"),
        ("group_wait: 0s", "group_interval: 0s", 7, "group_interval cannot be zero"),
        ("cluster]\n  group_wait", "cluster, cluster]\n  group_wait", 6, "duplicated label"),
        ("['...']", "['...', a]", 17, "wildcard group_by"),
        ('severity="critical", \'', 'severity=~"(", \'', 9, "no regular expression"),
        ("continue: true", "continue: maybe", 11, "expected true or false"),
        ("[office]", "[weekend]", 12, "undefined time interval"),
        ("'09:00'", "'9:00'", 26, "couldn't parse timestamp"),
        ("'09:00'", "'18:00'", 26, "must be before end time"),
        ("'monday:friday'", "'friday:monday'", 27, "start weekday is after"),
        ("Europe/Stockholm", "Europe/Atlantis", 28, "no time zone"),
        ("'-3:-1'", "'-1:3'", 33, "end day must be negative"),
        ("'12'", "'13'", 34, "not between 1 and 12"),
        ("- name: pager", "- name: team", 43, "is not unique"),
        ("- name: pager", "- title: pager", 43, "field title not found"),
        ("- name: pager", "- name: pager\n    slack_configs: [{}]", 44, "not sent from here"),
        ("https://hooks.example/team", "file:///etc/passwd", 39, "unsupported URL"),
        ("https://hooks.example/team", "https://:80/", 39, "unsupported URL"),
        ("max_alerts: 5", "max_alerts: -5", 41, "expected a number"),
        ("credentials: hush", 'credentials: "a\\nb"', 42, "printable ASCII"),
        ("receivers:\n", "receivers: [\n", 37, ""),
    ],
)
def test_an_error_is_refused_with_its_line(old: str, new: str, line: int, why: str) -> None:
    assert GOOD.count(old) >= 1
    with pytest.raises(RoutingInvalid) as refused:
        read(GOOD.replace(old, new, 1))
    assert why in str(refused.value)
    assert refused.value.line == line, str(refused.value)


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(8)
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "route",
        "\t",
        "a: !!python/object/apply:os.system ['true']",
        "[" * 100_000,
        "x" * 300_000,
        BOMB,
        BOMB + "route: {receiver: r, group_by: *i}\nreceivers: [{name: r}]",
        "route: &r {receiver: r, routes: [*r]}\nreceivers: [{name: r}]",
        "route: {receiver: r, receiver: r}\nreceivers: [{name: r}]",
        'route: {receiver: "\\ud800"}\nreceivers: [{name: "\\ud800"}]',
        'route: {receiver: "\\UFFFFFFFF"}\nreceivers: []',
        'route: {receiver: "\\U00110000"}\nreceivers: []',
        "route: {receiver: \ud800}\nreceivers: []",
        'route: {receiver: r, match: {a: "\\udfff"}}\nreceivers: [{name: r}]',
        'route: {receiver: r, group_by: ["\\udfff"]}\nreceivers: [{name: r}]',
        f"route: {{receiver: r, group_wait: {'9' * 5000}s}}\nreceivers: [{{name: r}}]",
        GOOD.replace("'12'", f"'{'1' * 5000}'"),
        GOOD.replace("credentials: hush", 'credentials: "\\udfff"'),
        GOOD.replace("{credentials: hush}", "{credentials: a}, basic_auth: {password: b}"),
        GOOD.replace("authorization: {credentials: hush}", 'basic_auth: {password: "\\udfff"}'),
        GOOD.replace("https://hooks.example/team", '"https://h/\\udfff"'),
        GOOD.replace("global:\n", 'global:\n  "\\udfff": x\n'),
    ],
)
def test_what_is_no_configuration_is_refused_and_ends(text: str) -> None:
    with pytest.raises(RoutingInvalid):
        read(text)


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    with suppress(RoutingInvalid):
        read(text)


SCALARS = st.one_of(
    st.text(max_size=12).map(json.dumps),  # with every escape there is
    st.from_regex(r"[0-9]{1,400}(ms|[ywdhms])?", fullmatch=True),
    st.sampled_from(["~", '"\\ud800"', '"\\UFFFFFFFF"', "[]", "{}", "1e999", "0x10", "*a", "&a b"]),
)


@settings(deadline=None)  # a whole file is read each time
@given(st.sampled_from(sorted(set(re.findall(r"[\w']+", GOOD)))), SCALARS)
def test_no_value_breaks_the_reader(word: str, value: str) -> None:
    with suppress(RoutingInvalid):
        read(GOOD.replace(word, value))


def routed(labels: dict[str, str]) -> list[str]:
    return [route.receiver for route in read(GOOD).root.match(labels)]


def test_the_tree_is_walked_as_theirs_is(tmp_path: Path) -> None:
    cases = [
        {"severity": "critical", "team": "a"},
        {"severity": "critical", "team": "a", "service": "webshop"},
        {"severity": "critical", "team": "c"},
        {"service": "web"},
        {},
    ]
    assert [routed(one) for one in cases] == [
        ["pager"],
        ["pager", "team"],
        ["team"],
        ["team"],
        ["team"],
    ]
    if reason := prometheus.missing(prometheus.AMTOOL):
        pytest.skip(reason)
    path = tmp_path / "alertmanager.yml"
    path.write_text(GOOD.replace("smtp_smarthost: mail.example:25", "smtp_from: a@b"))
    for labels in cases:
        line = ["amtool", "config", "routes", "test", f"--config.file={path}"]
        words = [f"{name}={value}" for name, value in labels.items()]
        done = subprocess.run([*line, *words], capture_output=True, text=True, check=True)
        assert done.stdout.strip().split(",") == routed(labels)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-02-27T08:00:00+00:00", True),  # a Friday, 9 o'clock in Stockholm
        ("2026-02-27T07:59:59+00:00", False),
        ("2026-02-27T16:00:00+00:00", False),  # 17:00 is no longer in it
        ("2026-02-28T12:00:00+00:00", False),
        ("2026-07-03T07:00:00+00:00", True),  # summer time
    ],
)
def test_office_hours_are_those_of_the_place(moment: str, *, expected: bool) -> None:
    [office] = read(GOOD).intervals["office"]
    assert office.contains(datetime.fromisoformat(moment)) is expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ((2026, 2, 25), False),
        ((2026, 2, 26), True),
        ((2026, 2, 28), True),
        ((2026, 3, 5), True),
        ((2026, 3, 6), False),
        ((2026, 4, 1), False),
        ((2026, 12, 31), True),
        ((2029, 1, 1), False),
    ],
)
def test_days_are_counted_from_the_end_of_the_month_too(
    day: tuple[int, int, int], *, expected: bool
) -> None:
    [nights] = read(GOOD).intervals["nights"]
    assert nights.contains(datetime(*day, 3, tzinfo=UTC)) is expected


@given(st.integers(1, 31), st.datetimes(timezones=st.just(UTC)))
def test_a_day_that_a_month_has_not_is_no_day(day: int, moment: datetime) -> None:
    interval = TimeInterval(days=(day_range(str(day)),))
    assert interval.contains(moment) is (moment.day == day)


@pytest.mark.parametrize("text", ["0", "32", "-32", "5:1", "x", "1:x", ""])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(BadInterval):
        day_range(text)
