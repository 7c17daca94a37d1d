"""Two lines of a pack of which at most one can hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packs.test_watched import SHIPPED
from packs.written import SEVERITY, item, ladder, pack, stated
from quarterdeck.packs import loader
from quarterdeck.packs.model import Finding, Grade
from quarterdeck.packs.promises import PROMISES, Measured
from quarterdeck.packs.reading import files_of

TIMES = [name for name, one in PROMISES.items() if one.by is Measured.TIME]
MINUTES = st.integers(min_value=0, max_value=10_000)


def lint(**files: str) -> list[Finding]:
    return loader.lint(pack(**files))


def only(found: list[Finding]) -> Finding:
    (one,) = found
    return one


@pytest.mark.parametrize(
    ("first", "second", "asked"),
    [
        (
            "severity SEV-2 | war-room-at | 0 | L249",
            "severity SEV-2 | war-room-at | 30m | L326",
            "its war room opens after 0 or 30m?",
        ),
        (
            "severity SEV-2 | update-every | 15m | L249",
            "severity SEV-2 | update-every | 30m | L327",
            "updates come every 15m or 30m?",
        ),
        (
            "alert DLQBacklog | holds-for | 30m | L198",
            "alert DLQBacklog | holds-for | 0 | L333",
            "the condition holds for 30m or 0?",
        ),
        (
            "alert Lag | threshold | > 10 | L1",
            "alert Lag | threshold | > 30 | L2",
            "it fires at > 10 or > 30?",
        ),
        (
            "severity P1 | respond | 15 minutes | L561",
            "severity SEV-1 | respond | 5m | L301",
            "somebody answers within 15m or 5m?",
        ),
        (
            "level incidents/L3 at critical | escalates-at | 0 | L304",
            "level incidents/L3 at SEV-1 | escalates-at | 1h | L361",
            "it escalates after 0 or 1h?",
        ),
        ("levels | how-many | 4 | L87", "levels | how-many | 5 | L853", "there are 4 or 5?"),
        (
            "schedule primary | turns-every | 7d | L837",
            "schedule primary | turns-every | 1d | L9",
            "turns change every 7d or 1d?",
        ),
    ],
)
def test_two_lines_that_say_two_things_are_found_with_both(
    first: str, second: str, asked: str
) -> None:
    one = only(lint(said=stated(first, second)))
    assert asked in one.what
    lines = [line.rpartition("| ")[2] for line in (first, second)]
    assert [str(at) for at in one.places] == [
        f"said.yaml:6 ({lines[0]})",
        f"said.yaml:7 ({lines[1]})",
    ]
    assert one.grade is Grade.ERROR


@given(what=st.sampled_from(TIMES), minutes=st.lists(MINUTES, min_size=1, max_size=5))
def test_the_same_is_no_contradiction_and_its_order_changes_nothing(
    what: str, minutes: list[int]
) -> None:
    lines = [f"thing x | {what} | {n}m | L{n}" for n in minutes]
    found = [one.key for one in lint(said=stated(*lines))]
    assert found == [one.key for one in lint(said=stated(*reversed(lines)))]
    assert len(found) == (len({*minutes}) > 1)


def test_what_is_said_of_two_tenants_or_two_things_is_no_contradiction() -> None:
    mine = stated("severity SEV-1 | respond | 5m | L1", "severity SEV-2 | respond | 15m | L2")
    theirs = stated("severity SEV-1 | respond | 15m | L3", tenant="other")
    assert lint(a=mine, b=theirs.replace("name: lines", "name: others")) == []


def test_policy_is_held_against_what_its_source_says() -> None:
    severity = SEVERITY | {"respond_min": 15}
    one = only(lint(a=ladder(severity), said=stated("severity P1 | respond | 5m | L301")))
    assert one.what.startswith("severity SEV-1: somebody answers within 5m or 15m?")
    assert {str(at) for at in one.places} == {"said.yaml:6 (L301)", "a.yaml:9"}


def test_to_be_paged_at_once_and_at_a_minute_is_settled_by_a_policy_that_tells_them_apart() -> None:
    lines = (
        "level incidents/L3 at SEV-1 | escalates-at | 0 | L304",
        "level incidents/L3 at SEV-1 | escalates-at | 1h | L361",
    )
    level = {"name": "L3", "targets": ["phone 1"], "notify_at": {"SEV-1": "0"}}
    both = item("escalation_policy", "acme/incidents", levels=[level | {"engage_at": {"P1": "1h"}}])
    one = only(lint(a=both, said=stated(*lines)))
    assert (one.grade, one.ruled_at) == (Grade.SETTLED, None)
    assert "told after 0 (a.yaml:9), must join after 1h (a.yaml:11)" in one.ruling
    early = item("escalation_policy", "acme/incidents", levels=[level])
    assert only(lint(a=early, said=stated(*lines))).grade is Grade.ERROR


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            ("logs | deleted-after | 7d | L63", "logs | kept-while | it is looked into | L703"),
            "it is deleted after 7d (said.yaml:6 (L63)) and it is kept while it is looked into",
        ),
        (
            (
                "severity SEV-1 | customers-told-at | 0 | L303",
                "flag security | customers-told-with | Legal | L741",
            ),
            "customers are told after 0 (said.yaml:6 (L303)), but only once agreed by Legal",
        ),
    ],
)
def test_what_cannot_be_at_once_is_found(lines: tuple[str, str], said: str) -> None:
    one = only(lint(said=stated(*lines)))
    assert said in one.what
    assert len(one.places) == 2


def test_a_gate_holds_for_the_severity_that_its_flag_demands() -> None:
    severities = ladder(SEVERITY, {"name": "SEV-2", "title": "High"}, flags={"security": "SEV-1"})
    gate = "flag security | customers-told-with | Legal | L741"
    told = [f"severity SEV-{n} | customers-told-at | 0 | L{n}" for n in (1, 2)]
    one = only(lint(a=severities, said=stated(*told, gate)))
    assert one.key == "contradiction acme/severity SEV-1/flag security"


def test_what_is_worse_may_not_be_answered_later() -> None:
    worse, milder = SEVERITY | {"respond_min": 60}, {"name": "SEV-2", "title": "High"}
    one = only(lint(a=ladder(worse, milder | {"respond_min": 15})))
    assert "SEV-1 is worse than SEV-2, and has 60 min for it: SEV-2 has 15" in one.what
    assert [str(at) for at in one.places] == ["a.yaml:9", "a.yaml:12"]


def test_somebody_on_two_levels_is_found_with_both_lines() -> None:
    levels = [
        {"name": f"L{n}", "targets": [f"mail {n}@example.com", "phone 1"], "notify_at": f"{n}h"}
        for n in (1, 2)
    ]
    one = only(lint(a=item("escalation_policy", "acme/p", levels=levels)))
    assert one.what.startswith("phone 1 is told of any after 1h, and after 2h: as L1, and as L2")
    assert [str(at) for at in one.places] == ["a.yaml:8", "a.yaml:13"]
    assert one.grade is Grade.WARNING


RULED = item("ruling", "contradiction acme/severity SEV-2/war-room-at", by="At once, by hand.")
WAR_ROOM = (
    "severity SEV-2 | war-room-at | 0 | L249",
    "severity SEV-2 | war-room-at | 30m | L326",
)


def test_a_ruling_settles_what_it_is_named_after_and_says_where() -> None:
    one = only(lint(said=stated(*WAR_ROOM), ruled=RULED))
    assert (one.grade, one.ruling) == (Grade.SETTLED, "At once, by hand.")
    assert str(one.ruled_at) == "ruled.yaml:1"
    known = only(lint(said=stated(*WAR_ROOM), ruled=RULED.rstrip() + "\n  open: true\n"))
    assert (known.grade, known.ruling) == (Grade.WARNING, "At once, by hand.")


def test_a_ruling_does_not_cover_a_value_that_no_line_has() -> None:
    severities = ladder(SEVERITY, {"name": "SEV-2", "title": "High", "war_room_min": 45})
    found = lint(a=severities, said=stated(*WAR_ROOM), ruled=RULED)
    assert [one.key for one in found] == [
        "contradiction acme/severity SEV-2/war-room-at: 45m",
        "",
    ]
    assert "settles nothing" in found[1].what


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("x | war-rooms-at | 0 | L1", "no promise 'war-rooms-at'"),
        ("x | respond | soon | L1", "expected a span"),
        ("x | how-many | some | L1", "expected a number"),
    ],
)
def test_a_statement_that_cannot_be_compared_is_refused(line: str, said: str) -> None:
    one = only(lint(said=stated(line)))
    assert said in one.what
    assert one.grade is Grade.ERROR


def settled(name: str) -> dict[str, Finding]:
    found = loader.lint(files_of(SHIPPED / name))
    return {one.key: one for one in found if one.ruling}


LINES = [
    ("atp", "atp/severity SEV-1/respond", "L87 L301 L839"),
    ("atp", "atp/level incidents/L2 at SEV-1/escalates-at", "L306 L361"),
    ("atp", "atp/level incidents/L3 at SEV-1/escalates-at", "L304 L361"),
    ("atp", "atp/level incidents/L4 at SEV-1/escalates-at", "L304 L361"),
    ("atp", "atp/level incidents/L2 at SEV-3/joins-at", "L340 L361"),
    ("atp", "atp/severity SEV-2/war-room-at", "L249 L326"),
    ("atp", "atp/severity SEV-2/update-every", "L249 L327"),
    ("atp", "atp/severity SEV-1/flag security", "L303 L741"),
    ("atp", "atp/severity SEV-1/flag data-loss", "L303 L821"),
    ("atp", "_platform/alert DLQBacklog/holds-for", "L198 L333"),
    ("atp", "_platform/projection lag/limit", "L126 L126 L197 L385"),
    ("atp", "atp/path /health/NAME/means", "L126 L85"),
    ("atp", "atp/API description/found-at", "L501 L863"),
    ("atp", "atp/services/how-many", "L126 L507 L905"),
    ("atp", "atp/levels of escalation/how-many", "L853 L87"),
    ("atp", "atp/audit records/never-changed", "L126 L765"),
    ("azure-governance", "_platform/sync costs/late-after", "L148 L74"),
    ("azure-governance", "_platform/sync costs/takes-at-most", "L101 L784"),
    ("azure-governance", "_platform/secret client-secret/rotated-every", "L391 L812"),
    ("azure-governance", "_platform/backup of the database/kept-at", "L475 L511 L526"),
    ("azure-governance", "_platform/backup of the database/named", "L486 L526"),
    ("cloudgov", "cloudgov/logs/deleted-after", "L63 runbook 000, L703"),
]


@pytest.mark.parametrize(("name", "key", "lines"), LINES)
def test_each_contradiction_of_a_runbook_is_found_with_its_lines_and_what_was_ruled(
    name: str, key: str, lines: str
) -> None:
    one = settled(name)[f"contradiction {key}"]
    sources = sorted(place.source for place in one.places if place.source)
    assert sorted(" ".join(sources).split()) == sorted(lines.split())
    assert one.ruling
