"""Which rule decides, how deep it reaches, and what happens when there is no time."""

import re
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from quarterdeck.trail.policy.compiled import (
    MAX_PATH,
    STRICT,
    Classifier,
    Timed,
    retention_of,
)
from quarterdeck.trail.policy.model import (
    Classification,
    PolicyInvalid,
    Redaction,
    Rule,
    Treatment,
)

segments = st.sampled_from(["a", "b", "ab", "*", "a*"])
paths = st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=4)


def classified(rules: Classification, path: str) -> str:
    classifier = Classifier(rules, budget_s=60)  # what is tried here is no race
    return Timed(classifier, classifier.shape("orders:create", "order")).verdict(path).cls


@given(st.lists(segments, min_size=1, max_size=3), paths)
def test_a_glob_covers_what_it_names_and_all_below(pattern: list[str], path: list[str]) -> None:
    rules = Classification(rules=(Rule(path="/payload/" + "/".join(pattern), cls="public"),))
    expected = len(path) >= len(pattern) and all(
        re.fullmatch(part.replace("*", ".*"), name)
        for part, name in zip(pattern, path, strict=False)
    )
    found = classified(rules, "/payload/" + "/".join(path))
    assert found == ("public" if expected else "restricted")


def test_the_first_rule_that_matches_decides() -> None:
    rules = Classification(
        rules=(
            Rule(path="/payload/customer/email", cls="secret.pi"),
            Rule(path="re:/payload/.*_no", cls="internal"),
            Rule(action="users:*", path="/payload/**", cls="restricted"),
            Rule(path="/payload/**", cls="public"),
        )
    )
    assert classified(rules, "/payload/customer/email") == "secret.pi"
    assert classified(rules, "/payload/customer/name") == "public"
    assert classified(rules, "/payload/account_no") == "internal"


@pytest.mark.census("ATP-230")
def test_an_event_that_takes_too_long_gets_the_strictest_class_and_is_counted() -> None:
    ticks = count()
    rules = Classification(rules=(Rule(path="/payload/**", cls="public"),))
    classifier = Classifier(rules, budget_s=2.5, seconds=lambda: float(next(ticks)))
    name = "quarterdeck_classification_fallback_total"
    before = REGISTRY.get_sample_value(name) or 0
    timed = Timed(classifier, classifier.shape("a", "b"))
    found = [timed.verdict(f"/payload/{n}").cls for n in range(5)]
    assert found == ["public", STRICT.cls, STRICT.cls, STRICT.cls, STRICT.cls]
    assert timed.over
    assert REGISTRY.get_sample_value(name) == before + 1


def test_a_field_whose_path_is_too_long_to_compare_gets_the_strictest_class() -> None:
    rules = Classification(rules=(Rule(path="/payload/open*", cls="public"),))
    shape = Classifier(rules).shape("orders:create", "order")
    longest = "/payload/open".ljust(MAX_PATH, "x")
    assert shape.verdict(longest).cls == "public"
    assert shape.verdict(f"{longest}x") is STRICT


def test_the_retention_class_is_that_of_the_first_rule_that_gives_one() -> None:
    document = {
        "rules": [
            {"action": "orders:*", "retention": "seven-years"},
            {"retention": "one-year"},
        ]
    }
    assert retention_of(document, "orders:create", "order") == "seven-years"
    assert retention_of(document, "users:create", "user") == "one-year"
    assert retention_of({}, "users:create", "user") == "standard"


@pytest.mark.parametrize(
    "document",
    [
        {"rules": [{"path": "/payload/a"}]},
        {"rules": [{"path": "/payload/a", "class": "top"}]},
        {"rules": [{"path": "/other", "class": "public"}]},
        {"rules": [{"path": "re:(a*)*", "class": "public"}]},
        {"rules": [{"path": "re:(", "class": "public"}]},
        {"rules": [{"path": "/payload/*a*a*a*a*", "class": "public"}]},
        {"rules": [{"path": "/payload/a", "class": "public", "subject": "everybody"}]},
        {"rules": [{"path": 7, "class": "public"}]},
        {"rules": "all"},
        {"default": "public"},
        {"more": 1},
    ],
)
def test_a_document_that_cannot_hold_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(PolicyInvalid):
        Classification.of(document)


def test_a_tenants_rules_come_before_the_platforms() -> None:
    own = Classification(rules=(Rule(path="/payload/a", cls="public"),))
    shared = Classification(rules=(Rule(path="/payload/*", cls="internal"),))
    both = own.before(shared)
    assert classified(both, "/payload/a") == "public"
    assert classified(both, "/payload/b") == "internal"


def test_a_document_reads_back_as_itself() -> None:
    rules = Classification(rules=(Rule(path="/payload/a", cls="public"), Rule(retention="long")))
    assert Classification.of(rules.document) == rules
    assert Classification.of(rules.document).digest == rules.digest


def test_who_holds_two_roles_is_shown_the_more_of_them() -> None:
    redaction = Redaction.of(
        {"roles": {"auditor": {"restricted": "mask"}, "security": {"restricted": "show"}}}
    )
    assert redaction.treatment(["auditor"], "restricted") is Treatment.MASK
    assert redaction.treatment(["auditor", "security"], "restricted") is Treatment.SHOW
    assert redaction.treatment(["sre"], "restricted") is Treatment.HIDE
    assert redaction.treatment(["sre"], "public") is Treatment.SHOW
