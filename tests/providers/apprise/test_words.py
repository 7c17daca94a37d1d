"""What services are sent, and what is made of what Apprise says: pure."""

from json import dumps
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.operations.messages.bundling import CUT, REPEAT
from quarterdeck.operations.messages.model import Content
from quarterdeck.providers.apprise.judging import TOOK, UNSAID, Line, Verdict, judged
from quarterdeck.providers.apprise.masking import masked, untold
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


MORE = ("Socket", "Sent", "JSON")


def judged_of(*texts: str) -> Verdict:
    return judged([Line(text=one, warns=not one.startswith(MORE)) for one in texts])


def of(*texts: str) -> tuple[int | None, bool]:
    found = judged_of(*texts)
    return found.status, found.again


def test_the_log_says_what_became_of_it() -> None:
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


def test_of_several_one_that_may_take_it_later_decides() -> None:
    assert of("Failed: error=404.", "Failed: error=503.") == (503, True)
    assert of("Failed: error=404.", "Failed: error=401.") == (404, False)
    gone, later = "Socket Exception: {'a': (550, b'no')}", "Socket Exception: (450, b'later')"
    assert of(gone, later) == (450, True)
    found = judged_of("It failed", gone, later)
    assert found.error == "450: later; 550: no; It failed"


@pytest.mark.parametrize("code", [550, 450])
def test_a_mail_that_others_took_is_not_repeated_and_says_so(code: int) -> None:
    refused = f'SMTP recipient gone@b was refused: {code} b"can\'t"'
    found = judged_of(refused, 'Sending email to "ada@b" failed.')
    assert (found.status, found.again) == (code, False)
    assert found.error.startswith(f"{code}: can't; {TOOK}; SMTP recipient")
    other = judged_of("Sent Email to ada@b", f"Socket Exception: {{'a': ({code}, b'no')}}", "x")
    assert (other.status, other.again, other.error) == (code, False, f"{code}: no; {TOOK}; x")
    assert of("Sent Email to ada@b", "Socket Exception: timed out") == (None, True)


def test_what_is_logged_of_the_message_decides_nothing() -> None:
    for told in ("(550, b'no such user')", "(550, b'", "was refused: 550 b'x'"):
        assert of(f"JSON Payload: {told}", "Socket Exception: refused") == (None, True)
        assert judged_of(f"JSON Payload: {told} secret").error == UNSAID
    assert of("Socket Exception: HTTPPool(550, b'x')") == (None, True)
    assert of("Could not tell 'error=404 at the gateway': no route") == (None, True)


def test_what_was_told_is_hidden_as_it_is_and_as_it_is_written_elsewhere() -> None:
    link = "https://q.example/answer/tokentoken"
    body = f"It burns: caf\u00e9 (2)\n\nAnswer: {link}\ngo"
    for text in ("It burns: caf\u00e9 (2)", "caf\u00e9 (2)", f"Answer: {link}", link, "tokentoken"):
        for form in (text, quote(text), quote_plus(text), dumps(text)[1:-1], str(text.encode())):
            said = untold(f"550: I refuse <{form}>", "Database down", body)
            assert (said.startswith("550: I refuse <"), text in said) == (True, False)
            assert "tokentoken" not in said
            assert "caf" not in said
    quotes = 'it\'s "on" fire'
    for one in (f"I say {quotes}", f'I "say" {quotes}', f"'{quotes}"):
        found = judged([Line(text=f"Socket Exception: {(550, one.encode())}", warns=False)])
        assert "fire" in found.error
        assert "fire" not in untold(found.error, quotes)
    assert "it" not in untold(judged_of('Socket Exception: (550, b"it\'s on")').error, "it's on")
    assert untold("no Database down: go", "Database down", body) == "no ***: go"


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
