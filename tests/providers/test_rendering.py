"""What each kind of channel shows: in its form, within its limits, calling nobody by accident."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterdeck.operations.channels.model.channel import Channel, Kind
from quarterdeck.operations.messages.bundling import CUT, REPEAT, as_one, calm, shortened
from quarterdeck.operations.messages.model import Content
from quarterdeck.operations.messages.ports import Parcel
from quarterdeck.providers.email import rendering as email
from quarterdeck.providers.pagerduty import rendering as pagerduty
from quarterdeck.providers.slack import rendering as slack
from quarterdeck.providers.teams import rendering as teams
from quarterdeck.providers.webhook import rendering as webhook

NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)
DOWN = Content(
    title="Database down",
    text="Nobody can pay.\n\nSince 12:00.",
    severity="critical",
    state="firing",
    facts=(("service", "atp-database"), ("region", "West <US>")),
    links=(("Runbook", "https://wiki.example/db"),),
)


def test_slack_shows_a_title_text_facts_and_links() -> None:
    assert slack.body(DOWN, mention=False, repeat=False) == {
        "text": ":red_circle: Database down",
        "blocks": [
            {
                "type": "header",
                "text": {"type": "plain_text", "text": ":red_circle: Database down", "emoji": True},
            },
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": "Nobody can pay.\n\nSince 12:00."},
            },
            {
                "type": "section",
                "fields": [
                    {"type": "mrkdwn", "text": "*service*\natp-database"},
                    {"type": "mrkdwn", "text": "*region*\nWest &lt;US&gt;"},
                ],
            },
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": "<https://wiki.example/db|Runbook>"},
            },
        ],
        "unfurl_links": False,
    }


def test_teams_shows_a_card() -> None:
    made = teams.body(DOWN, repeat=True)
    [attachment] = made["attachments"]
    card = attachment["content"]
    assert (made["type"], attachment["contentType"]) == (
        "message",
        "application/vnd.microsoft.card.adaptive",
    )
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.5")
    runs = [[run["text"] for run in block["inlines"]] for block in card["body"]]
    assert runs == [
        ["Database down"],
        [REPEAT],
        ["Nobody can pay."],
        ["Since 12:00."],
        ["service: ", "atp-database"],
        ["region: ", "West <US>"],
    ]
    assert card["body"][0]["inlines"][0]["color"] == "Attention"
    assert card["actions"] == [
        {"type": "Action.OpenUrl", "title": "Runbook", "url": "https://wiki.example/db"}
    ]


def test_pagerduty_gets_an_event_and_its_end() -> None:
    assert pagerduty.body(DOWN, "key", "acme/page/1") == {
        "routing_key": "key",
        "event_action": "trigger",
        "dedup_key": "acme/page/1",
        "client": "Quarterdeck",
        "payload": {
            "summary": "Database down",
            "source": "atp-database",
            "severity": "critical",
            "custom_details": {
                "service": "atp-database",
                "region": "West <US>",
                "text": "Nobody can pay.\n\nSince 12:00.",
            },
        },
        "links": [{"href": "https://wiki.example/db", "text": "Runbook"}],
    }
    for state, action in (("acknowledged", "acknowledge"), ("resolved", "resolve")):
        end = pagerduty.body(Content(title="x", state=state), "key", "acme/page/1")
        assert end == {
            "routing_key": "key",
            "event_action": action,
            "dedup_key": "acme/page/1",
        }
    assert pagerduty.body(Content(title="x"), "key", "a")["payload"]["severity"] == "warning"
    assert len(pagerduty.dedup_key("x" * 300)) == 64


def test_a_mail_says_all_of_it_in_plain_text_and_that_no_machine_shall_answer() -> None:
    made = email.mail(DOWN, "Quarterdeck <q@acme.example>", "ops@acme.example", "acme/page/1")
    email.addressed(made, "m-1", NOON, 2)
    assert (made["Subject"], made["To"]) == ("[CRITICAL] Database down", "ops@acme.example")
    assert made["Message-ID"] == "<m-1@acme.example>"
    assert made["Auto-Submitted"] == "auto-generated"
    assert made["X-Quarterdeck-Repeat"] == "2"
    assert made.get_content() == (
        "Database down\n\nNobody can pay.\n\nSince 12:00.\n\n"
        "service: atp-database\nregion: West <US>\n\nRunbook: https://wiki.example/db\n"
    )
    over = email.mail(Content(title="x", state="resolved", severity="error"), "q@a", "o@a", "y")
    assert over["Subject"] == "Resolved: x"


def test_a_webhook_is_posted_every_word() -> None:
    channel = Channel(name="hook", kind=Kind.WEBHOOK, url="https://acme.example/hook")
    parcel = Parcel(
        id="m-1",
        tenant="acme",
        kind=Kind.WEBHOOK,
        address="",
        channel=channel,
        contents=(DOWN, Content(title="x" * 5000)),
        about="page/1",
        at=NOON,
    )
    found = json.loads(webhook.body(parcel))
    assert (found["version"], found["id"], found["channel"]) == ("1", "m-1", "hook")
    first, second = found["messages"]
    assert first["facts"][0] == {"label": "service", "value": "atp-database"}
    assert first["links"] == [{"label": "Runbook", "url": "https://wiki.example/db"}]
    assert len(second["title"]) == 5000


BROAD = "@channel @here @everyone <!here> <!channel> <@U1> @Group"


def test_nobody_is_called_by_a_text() -> None:
    loud = Content(title=BROAD, text=BROAD, facts=((BROAD, BROAD),), links=((BROAD, "https://x"),))
    said = json.dumps(slack.body(loud, mention=True, repeat=False), ensure_ascii=False)
    for word in ("@channel", "@here", "@everyone", "@Group", "<!here>", "<!channel>", "<@U1>"):
        assert word not in said
    card = json.dumps(teams.body(loud, repeat=False), ensure_ascii=False)
    assert "@channel" not in card
    assert "@everyone" not in card


@pytest.mark.parametrize(
    ("severity", "state", "says", "calls"),
    [
        ("critical", "firing", "mention", "all"),
        ("critical", "firing", "", ""),
        ("critical", "resolved", "mention", ""),
        ("critical", "acknowledged", "mention", ""),
        ("error", "firing", "mention", ""),
        ("", "firing", "mention", ""),
    ],
)
def test_all_are_called_for_what_is_critical_alone_where_the_channel_says_so(
    severity: str, state: str, says: str, calls: str
) -> None:
    content = Content(title="x", severity=severity, state=state)
    made = slack.body(content, mention=bool(says), repeat=False)
    assert ("<!channel>" in json.dumps(made)) is bool(calls)


def texts(body: dict[str, Any]) -> list[tuple[str, str, int]]:
    """Kind of block, kind of part, and length of each text of Slack's."""
    found = []
    for block in body["blocks"]:
        parts = [("text", block.get("text")), *(("field", f) for f in block.get("fields", []))]
        found += [(block["type"], name, len(part["text"])) for name, part in parts if part]
    return found


WORDS = st.text(alphabet="ab<>&@ é\u200b日", max_size=40).map(lambda text: text * 120)
CONTENT = st.builds(
    Content,
    title=WORDS,
    text=WORDS,
    severity=st.sampled_from(["critical", "error", "warning", "info", "", "SEV-1"]),
    state=st.sampled_from(["firing", "resolved", "acknowledged", "info"]),
    facts=st.lists(st.tuples(WORDS, WORDS), max_size=4).map(tuple),
)


@settings(max_examples=40, deadline=None)
@given(CONTENT)
def test_whatever_is_told_keeps_the_limits_of_each_service(content: Content) -> None:
    most = {("header", "text"): 150, ("section", "text"): 3000, ("section", "field"): 2000}
    for block, part, length in texts(slack.body(content, mention=True, repeat=True)):
        assert length <= most[block, part]
    assert len(json.dumps(teams.body(content, repeat=True)).encode()) <= 28_000
    event = pagerduty.body(content, "key", "about")
    if event["event_action"] == "trigger":
        assert len(event["payload"]["summary"]) <= 1024
        assert event["payload"]["severity"] in ("critical", "error", "warning", "info")
    subject = email.mail(content, "q@acme.example", "o@acme.example", "x")["Subject"]
    assert len(subject) <= 200


def test_what_is_cut_off_is_seen_to_be() -> None:
    long = Content(title="x" * 1000, text="y" * 50_000)
    made = slack.body(long, mention=False, repeat=False)
    assert made["blocks"][0]["text"]["text"].endswith(CUT)
    assert made["blocks"][1]["text"]["text"].endswith(CUT)
    assert shortened("abc", 3) == "abc"
    assert shortened("abcd", 3) == "abc"


def test_several_are_told_as_one_with_the_worst_severity() -> None:
    other = Content(title="Disk full", severity="warning", state="resolved", text="of a")
    made = as_one([other, DOWN])
    assert made.title == "2 messages: Disk full"
    assert (made.severity, made.state) == ("critical", "firing")
    assert made.text.splitlines()[0] == "• Resolved: Disk full"
    assert "• Database down" in made.text
    assert "service: atp-database; region: West <US>" in made.text
    assert made.links == DOWN.links
    assert as_one([DOWN]) is DOWN
    assert calm("mail a@here.example") != "mail a@here.example"
