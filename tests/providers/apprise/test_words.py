"""What services are sent, and what is made of what Apprise says: pure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.operations.messages.bundling import CUT, REPEAT
from quarterdeck.operations.messages.model import Content
from quarterdeck.providers.apprise.judging import UNSAID, Line, judged
from quarterdeck.providers.apprise.masking import masked
from quarterdeck.providers.apprise.rendering import Room, Said, fitted, said

DOWN = Content(
    title="Database down",
    text="Nobody can pay.\n\nAsk @everyone.",
    severity="critical",
    state="firing",
    facts=(("service", "atp-database"),),
    links=(("Runbook", "https://wiki.example/db"),),
)


def test_a_message_is_a_title_and_plain_text_that_calls_nobody() -> None:
    made = said(DOWN, repeat=False)
    assert made == Said(
        title="[CRITICAL] Database down",
        body="Nobody can pay.\n\nAsk @\u200beveryone.\n\nservice: atp-database\n\n"
        "Runbook: https://wiki.example/db",
        type="failure",
    )
    assert said(DOWN, repeat=True).body == f"{REPEAT}\n\n{made.body}"
    assert said(Content(title="Over"), repeat=False).body == "Over"


@pytest.mark.parametrize(
    ("severity", "state", "type_"),
    [
        ("critical", "firing", "failure"),
        ("error", "firing", "failure"),
        ("warning", "firing", "warning"),
        ("info", "firing", "info"),
        ("", "info", "info"),
        ("critical", "resolved", "success"),
        ("critical", "acknowledged", "info"),
    ],
)
def test_its_type_is_by_severity_until_it_is_over(severity: str, state: str, type_: str) -> None:
    one = Content(title="x", severity=severity, state=state)
    assert said(one, repeat=False).type == type_


ROOMS = st.builds(
    Room,
    title=st.integers(0, 60),
    body=st.integers(30, 300),
    lines=st.integers(0, 5),
    together=st.booleans(),
)


@given(st.text(max_size=400), st.text(min_size=1, max_size=400), ROOMS)
def test_it_fits_and_what_is_cut_off_is_seen_to_be(title: str, body: str, room: Room) -> None:
    made = fitted(Said(title=title, body=body, type="info"), room)
    most, lines = room.body, room.lines
    shares = room.together or not room.title
    assert len(made.body) + (len(made.title) + 2 if shares else 0) <= most
    assert len(made.title) <= (room.title or most)
    assert made.body == body or made.body.endswith(CUT) or most - len(made.title) - 2 <= len(CUT)
    assert not lines or made.body.count("\n") < lines


def test_the_log_says_what_became_of_it() -> None:
    def of(*texts: str) -> tuple[int | None, bool]:
        found = judged([Line(text=one, warns=not one.startswith("Socket")) for one in texts])
        return found.status, found.again

    assert of("Failed to send: Page not found., error=404.") == (404, False)
    assert of("Failed to send: error=302.") == (302, False)
    assert of("Failed to send: error=500.") == (500, True)
    assert of("Failed to send: error=429.") == (429, True)
    assert of("Failed to send: error=408.") == (408, True)
    assert of("Failed: error=40301.") == (403, False)  # ntfy's own codes
    assert of("Failed: error=7.") == (None, True)
    assert of("It failed", "Socket Exception: (535, b'who are you')") == (535, False)
    assert of("Socket Exception: {'a@b': (450, b'later')}") == (450, True)
    assert of() == (None, True)
    assert judged([]).error == UNSAID
    assert len(judged([Line(text="x" * 999, warns=True)]).error) == 300


TOKEN = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=4, max_size=30)


@given(TOKEN, TOKEN, TOKEN, TOKEN)
def test_no_part_of_an_address_stands_in_words(user: str, word: str, path: str, asked: str) -> None:
    url = f"slack://{user}:{word}@{path}/{path}/?key={asked}"
    words = masked(f"{user} {word} at {path}/{asked}: {url}.", url, keeps_host=False)
    for part in (user, word, path, asked):
        assert part not in words.split()
    assert url.partition("://")[2] not in words


def test_a_host_stays_where_it_is_one() -> None:
    url = "jsons://ada:p%40ssword@ntfy.example:8443/a-topic?-key=s3cret+word"
    words = "to ntfy.example:8443 as ada with p@ssword, p%40ssword, s3cret word, a-topic"
    hidden = "to ntfy.example:8443 as ada with ***, ***, *** ***, ***"
    assert masked(words, url, keeps_host=True) == hidden
    assert "ntfy.example" not in masked(words, url, keeps_host=False)
    assert masked("the webhook: hook", "json://h/hook", keeps_host=True) == "the webhook: ***"
    assert masked("/botlong-token", "tgram://long-token", keeps_host=False) == "/bot***"
    assert (
        masked("read json://a...b:p...d@h...t", "json://x", keeps_host=False) == "read json://***"
    )
    assert masked("at [broken", "json://[broken/abcd", keeps_host=True) == "at ***"
