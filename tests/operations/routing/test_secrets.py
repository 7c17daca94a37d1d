"""Secrets of a configuration are not shown, and not taken back hidden."""

import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterdeck.operations.routing.model import RoutingInvalid
from quarterdeck.operations.routing.reading import read
from quarterdeck.operations.routing.secrets import UNREADABLE, hidden, refuse_hidden

TEXT = """\
# password: hush, before it was changed; see https://a:hush@wiki/
global:
  smtp_auth_password: hush
  smtp_from: a@b
  http_config: {oauth2: {client_id: me, client_secret: 'hush'}}
route: {receiver: team, matchers: []}
receivers:
  - name: team
    webhook_configs:
      - url: https://ada:hush@hooks.example/team
        http_config: {authorization: {type: Bearer, credentials: HERE}}
"""
SHOWN = """\
# password: <secret>, before it was changed; see https://a:<secret>@wiki/
global:
  smtp_auth_password: <secret>
  smtp_from: a@b
  http_config: {oauth2: {client_id: me, client_secret: '<secret>'}}
route: {receiver: team, matchers: []}
receivers:
  - name: team
    webhook_configs:
      - url: "https://ada:<secret>@hooks.example/team"
        http_config: {authorization: {type: Bearer, credentials: <secret>}}
"""


def test_what_is_shown_is_what_was_written_but_for_its_secrets() -> None:
    assert hidden(TEXT) == SHOWN
    assert hidden(hidden(TEXT)) == hidden(TEXT)


@pytest.mark.parametrize(
    "value",
    [
        "hush",
        '"hu\\"sh"',
        '"\\x68ush"',
        "'hush, }'",
        "'it''s hush'",
        "&a hush",
        "!!str hush",
        "hush # hush: it is the password: hush",
    ],
)
def test_a_secret_is_hidden_however_it_is_written(value: str) -> None:
    text = TEXT.replace("{authorization: {type: Bearer, credentials: HERE}}", "\n          HERE")
    text = text.replace("HERE", f"basic_auth:\n            password: {value}")
    found = hidden(text)
    assert yaml.safe_load(found)["receivers"][0]["webhook_configs"][0]["http_config"] == {
        "basic_auth": {"password": "<secret>"}
    }
    assert "password: hush" not in found
    assert "x68ush" not in found


@pytest.mark.parametrize(
    "value",
    [
        "|\n              hush\n              hush",
        ">-\n              hush\n\n              hush",
        "hu\n              hush",
        "\n              hush",
    ],
)
def test_a_secret_of_several_lines_is_hidden(value: str) -> None:
    text = TEXT.replace("{authorization: {type: Bearer, credentials: HERE}}", "\n          HERE")
    text = text.replace("HERE", f"authorization:\n            credentials: {value}")
    found = hidden(text + "inhibit_rules: []\n")
    assert "hush" not in found
    assert yaml.safe_load(found)["inhibit_rules"] == []


def test_a_secret_that_an_alias_names_is_hidden_where_it_stands() -> None:
    text = TEXT.replace("type: Bearer, credentials: HERE", "type: &a hush, credentials: *a")
    assert "hush" not in hidden(text)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a:hush@h/p", "https://a:<secret>@h/p"),
        ("https://hush@h/p", "https://<secret>@h/p"),
        ("https://:hush@h/p", "https://:<secret>@h/p"),
        ("https://a:hush@hush@h", "https://a:<secret>@h"),
        ("https://h/p@q", "https://h/p@q"),
    ],
)
def test_who_is_named_in_an_address_is_hidden(url: str, shown: str) -> None:
    for written in (url, json.dumps(url), json.dumps(url).replace("/", "\\/"), f"'{url}'"):
        found = hidden(TEXT.replace("https://ada:hush@hooks.example/team", written))
        receivers = yaml.safe_load(found)["receivers"]
        assert receivers[0]["webhook_configs"][0]["url"] == shown


def test_as_json_it_is_json_still() -> None:
    text = json.dumps(yaml.safe_load(TEXT.replace("HERE", "hush")))
    assert "hush" not in hidden(text)
    json.loads(hidden(text))


def test_what_only_looks_like_a_secret_is_shown() -> None:
    match = "route: {receiver: r, match: {token: shown}}\nreceivers: [{name: r}]"
    assert hidden(match) == match


def test_what_can_be_read_no_more_is_not_shown() -> None:
    assert hidden("password: [hush") == UNREADABLE


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=20))
def test_no_secret_is_shown(secret: str) -> None:
    text = TEXT.replace("HERE", json.dumps(f"hush{secret}"))
    found = yaml.safe_load(hidden(text))
    hook = found["receivers"][0]["webhook_configs"][0]
    assert hook["http_config"]["authorization"]["credentials"] == "<secret>"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("credentials: HERE", "credentials: <secret>", 6),
        ("credentials: HERE", 'credentials: "a <secret>"', 6),
        ("ada:hush@", "ada:<secret>@", 5),
    ],
)
def test_what_was_hidden_is_not_taken_back(old: str, new: str, line: int) -> None:
    good = "route: {receiver: team}\n" + TEXT[TEXT.index("receivers:") :]
    read(good)
    refuse_hidden(good + "# password: <secret>")
    with pytest.raises(RoutingInvalid, match="put it in again") as refused:
        refuse_hidden(good.replace(old, new))
    assert refused.value.line == line


def test_the_word_is_taken_where_no_secret_was_hidden() -> None:
    good = "route: {receiver: team, matchers: ['kind=\"<secret>\"', 'at=\"http://<secret>@h\"']}\n"
    good += TEXT[TEXT.index("receivers:") :].replace("name: team", "name: team <secret>")
    assert "<secret>@h" in hidden(good)
    refuse_hidden(good)
