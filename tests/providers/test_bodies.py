"""Bodies against the schemas that their services document, whatever an alert is called."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from providers import schemas
from quarterdeck.operations.messages.bundling import CUT, REPEAT, UNTITLED, is_for_all
from quarterdeck.operations.messages.model import Content
from quarterdeck.providers.email import rendering as email
from quarterdeck.providers.jira import rendering as jira
from quarterdeck.providers.pagerduty import rendering as pagerduty
from quarterdeck.providers.slack import rendering as slack
from quarterdeck.providers.teams import rendering as teams

KEY = "R0123456789abcdefghijklmnopqrstuv"
NASTY = [
    *("<!channel>", "<!here|here>", "<@U012AB3CD>", "<#C1|x>", "@here", "@channel", "@everyone"),
    *("<mailto:eve@evil.example|Click>", "mailto:eve@evil.example", "<https://evil.example|ok>"),
    *("[ok](https://evil.example)", "*b* _i_ ~s~ `c`", "<at>everyone</at>", "&amp;&lt;!here&gt;"),
    *(
        '"}',
        "\\",
        "|",
        ">",
        "\u202e",
        "\u200d",
        "e\u0301",
        "日本語",
        "🔥",
        "👩‍👩‍👧",
        "\t",
        "\n\n",
        " ",
    ),
]
SHORT = st.one_of(st.sampled_from(NASTY), st.text(max_size=12), st.just(""))
LONG = st.builds(lambda text, many: text * many, SHORT, st.integers(0, 2500))
TEXT = st.one_of(SHORT, LONG, st.lists(SHORT, max_size=8).map("".join))
LINK = st.tuples(TEXT, TEXT.map(lambda text: f"https://x.example/{text}"))
CONTENT = st.builds(
    Content,
    title=TEXT,
    text=TEXT,
    severity=st.sampled_from(["critical", "error", "warning", "info", "", "SEV-1"]),
    state=st.sampled_from(["firing", "resolved", "acknowledged", "info", "closed"]),
    facts=st.lists(st.tuples(TEXT, TEXT), max_size=60).map(tuple),
    links=st.lists(LINK, max_size=12).map(tuple),
)
PARTS = {
    name: Draft202012Validator(getattr(schemas, name)) for name in ("SLACK", "TEAMS", "PAGERDUTY")
}
LINKED = re.compile(r"<https?://[^|]*\|")  # what an address says calls nobody
MANY = settings(max_examples=150, deadline=None)


def fits(name: str, body: dict[str, Any]) -> None:
    wrong = [
        f"{list(one.instance_path)}: {one.message[:300]}" for one in PARTS[name].iter_errors(body)
    ]
    assert wrong == []


def words(body: object) -> list[str]:
    """Every text in a body, but for addresses on the web."""
    if isinstance(body, dict):
        return [text for key in body if key not in ("url", "href") for text in words(body[key])]
    if isinstance(body, list):
        return [text for value in body for text in words(value)]
    return [body] if isinstance(body, str) else []


@MANY
@given(CONTENT, st.booleans(), st.booleans())
def test_slack_takes_it_and_calls_nobody_by_a_text(
    content: Content,
    mention: bool,  # noqa: FBT001
    repeat: bool,  # noqa: FBT001
) -> None:
    made = slack.body(content, mention=mention, repeat=repeat)
    fits("SLACK", made)
    for block in made["blocks"]:
        for text in words(block):
            assert len(text.encode("utf-16-le")) // 2 <= 3000
    said = LINKED.sub(" ", " ".join(words(made)).replace(slack.ALL, "")).lower()
    assert f"{words(made)}".count(slack.ALL) == 2 * is_for_all(content, mention=mention)
    for call in ("<!", "<@", "<#", "@here", "@channel", "@everyone"):
        assert call not in said
    marked = LINKED.sub(" ", " ".join([made["text"], *words(made["blocks"][1:])]))
    assert "<" not in marked.replace(slack.ALL, "")  # a header is no markup, all else is


@MANY
@given(CONTENT, st.booleans())
def test_teams_takes_it(content: Content, repeat: bool) -> None:  # noqa: FBT001
    made = teams.body(content, repeat=repeat)
    fits("TEAMS", made)
    sent = teams.encoded(content, repeat=repeat)
    assert json.loads(sent) == made
    assert len(sent) <= schemas.MOST_BYTES["teams"]
    said = " ".join(words(made)).lower()
    for call in ("@here", "@channel", "@everyone"):
        assert call not in said


@MANY
@given(CONTENT, st.text(min_size=1, max_size=400))
def test_pagerduty_takes_it(content: Content, about: str) -> None:
    made = pagerduty.body(content, KEY, about)
    fits("PAGERDUTY", made)
    assert len(pagerduty.encoded(made)) <= schemas.MOST_BYTES["pagerduty"]


def test_the_largest_there_is_fits_and_says_that_it_was_cut() -> None:
    facts = tuple((f"{n}{'🔥' * 3000}", "🔥" * 5000) for n in range(60))
    links = tuple(("🔥" * 500, f"https://x.example/{'é' * 900}{n}") for n in range(12))
    vast = Content(title="🔥" * 3000, text="🔥" * 90_000, facts=facts, links=links, state="firing")
    for name, made in (
        ("SLACK", slack.body(vast, mention=True, repeat=True)),
        ("TEAMS", teams.body(vast, repeat=True)),
        ("PAGERDUTY", pagerduty.body(vast, KEY, "about")),
    ):
        fits(name, made)
        texts = words(made)
        assert [one for one in texts if CUT in one], name
        assert [one for one in texts if one.startswith("Not shown: ")], name
    assert len(teams.encoded(vast, repeat=True)) <= schemas.MOST_BYTES["teams"]


def test_of_facts_with_one_label_none_is_lost() -> None:
    twice = Content(title="x", text="t", facts=(("a", "1"), ("a", "2"), ("text", "3"), ("", "4")))
    details = pagerduty.body(twice, KEY, "about")["payload"]["custom_details"]
    assert details == {"a": "1", "a (2)": "2", "text": "3", "-": "4", "text (2)": "t"}


@pytest.mark.parametrize("title", ["", " ", "\n"])
def test_what_has_no_title_says_so(title: str) -> None:
    bare = Content(title=title)
    assert UNTITLED in slack.body(bare, mention=False, repeat=False)["text"]
    assert UNTITLED in words(teams.body(bare, repeat=False))
    assert pagerduty.body(bare, KEY, "x")["payload"]["summary"] == UNTITLED
    assert email.mail(bare, "q@a.example", "o@a.example", "x")["Subject"] == UNTITLED
    assert jira.issue(bare, "OPS", "label")["fields"]["summary"] == UNTITLED


def test_a_repeat_is_marked_where_a_person_reads() -> None:
    said = Content(title="Database down", severity="critical", text="Nobody can pay.")
    mail = email.mail(said, "q@a.example", "o@a.example", "x", repeat=True)
    assert mail["Subject"] == "Repeat: [CRITICAL] Database down"
    assert mail.get_content().splitlines()[0] == REPEAT
    chat = slack.body(said, mention=False, repeat=True)
    assert chat["text"] == f"{REPEAT} :red_circle: Database down"
    assert REPEAT in words(chat["blocks"][1])[-1]
    card = teams.body(said, repeat=True)["attachments"][0]["content"]
    assert REPEAT in words(card["body"][1])
    assert jira.comment(said, repeat=True)["body"].startswith(REPEAT)
    first = email.mail(said, "q@a.example", "o@a.example", "x")
    others = (slack.body(said, mention=False, repeat=False), teams.body(said, repeat=False))
    assert "Repeat" not in first["Subject"] + first.get_content() + f"{others}"
    assert "Repeat" not in jira.comment(said)["body"]
