"""Settings: the order of sources, errors that name the setting, secrets that stay secret."""

from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.kernel.settings import (
    MASK,
    PREFIX,
    Settings,
    Source,
    UnusableSetting,
    configure,
)

SECRETS = [f.name for f in fields(Settings) if f.metadata["secret"]]
SECRET = "correct-horse-battery-staple-0123456789"
INTEGERS = [f.name for f in fields(Settings) if type(f.default) is int]
MOST = {"cost_days_back": 3660}
"""Integer settings that take no more than this; the others take what a port does."""
FLOATS = [f.name for f in fields(Settings) if type(f.default) is float]


def env(**values: object) -> dict[str, str]:
    return {PREFIX + name.upper(): str(value) for name, value in values.items()}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "quarterdeck.toml"


def test_without_any_source_everything_has_its_default() -> None:
    configured = configure({}, {})
    assert configured.settings == Settings()
    assert set(configured.sources.values()) == {Source.DEFAULT}
    assert [name for name, _, _ in configured.rows()] == [f.name for f in fields(Settings)]


def test_a_flag_beats_the_environment_which_beats_the_file(file: Path) -> None:
    file.write_text("port = 1\npool_size = 1\nlease_s = 1\n")
    found = configure({"port": 3, "pool_size": None}, env(port=2, pool_size=2), file)
    assert (found.settings.port, found.settings.pool_size, found.settings.lease_s) == (3, 2, 1)
    sources = [found.sources[name] for name in ("port", "pool_size", "lease_s", "host")]
    assert sources == [Source.FLAG, Source.ENVIRONMENT, Source.FILE, Source.DEFAULT]


@given(st.sampled_from(INTEGERS), st.integers(1, 65535))
def test_an_integer_is_read_from_the_environment(name: str, value: int) -> None:
    if value > MOST.get(name, value):
        with pytest.raises(UnusableSetting, match=name):
            configure({}, env(**{name: value}))
        return
    assert getattr(configure({}, env(**{name: value})).settings, name) == value


@given(st.sampled_from(FLOATS), st.floats(0.01, 1e6))
def test_a_number_is_read_from_the_environment(name: str, value: float) -> None:
    assert getattr(configure({}, env(**{name: value})).settings, name) == value


@given(
    st.sampled_from(INTEGERS + FLOATS),
    st.text(st.characters(exclude_characters="0123456789infaINFA.", codec="utf-8"), min_size=1),
)
def test_what_is_no_number_is_refused_with_the_settings_name(name: str, value: str) -> None:
    with pytest.raises(UnusableSetting, match=rf"{name} = .* \(from environment\)"):
        configure({}, {PREFIX + name.upper(): value})


@pytest.mark.parametrize("value", ["nan", "inf", "-1"])
@pytest.mark.parametrize("name", ["lease_s", "stop_grace_s"])
def test_seconds_that_are_none_are_refused(name: str, value: str) -> None:
    with pytest.raises(UnusableSetting, match=name):
        configure({}, env(**{name: value}))


@pytest.mark.parametrize(
    ("name", "value"),
    [("port", -1), ("port", 65536), ("worker_threads", 0), ("pool_size", 0), ("max_body_bytes", 0)],
)
def test_a_number_out_of_range_is_refused(name: str, value: int) -> None:
    with pytest.raises(UnusableSetting, match=name):
        configure({name: value}, {})


@pytest.mark.parametrize(("word", "meant"), [("true", True), ("0", False), ("false", False)])
def test_a_switch_is_read(word: str, *, meant: bool) -> None:
    assert configure({}, env(demo=word)).settings.demo is meant


def test_a_level_is_read_in_either_case_and_by_the_runbooks_name() -> None:
    assert configure({}, env(log_level="debug")).settings.log_level == "DEBUG"
    assert configure({}, {"LOG_LEVEL": "warning"}).settings.log_level == "WARNING"
    with pytest.raises(UnusableSetting, match="log_level"):
        configure({}, env(log_level="LOUD"))


@given(st.text(max_size=31).filter(lambda word: 0 < len(word.encode(errors="replace")) < 32))
def test_a_short_secret_is_refused_by_name_and_not_shown(word: str) -> None:
    with pytest.raises(UnusableSetting, match="QUARTERDECK_SECRET") as refused:
        configure({"secret": word}, {})
    assert str(refused.value) == str(_refusal_of("x"))


def _refusal_of(secret: str) -> UnusableSetting:
    with pytest.raises(UnusableSetting) as refused:
        configure({"secret": secret}, {})
    return refused.value


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_masked_wherever_settings_are_shown(name: str) -> None:
    values = {"oidc_issuer": "https://id", "oidc_client_id": "qd", name: SECRET}
    rows = {row[0]: row[1] for row in configure(values, {}).rows()}
    assert rows[name] == MASK
    assert SECRET not in str(rows)


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_of_the_wrong_type_is_not_shown_in_the_error(name: str, file: Path) -> None:
    file.write_text(f"{name} = ['{SECRET}']\n")
    with pytest.raises(UnusableSetting, match=name) as refused:
        configure({}, {}, file)
    assert SECRET not in str(refused.value)


def test_the_password_of_a_database_is_masked() -> None:
    found = configure({"database": f"postgresql://qd:{SECRET}@db/qd"}, {})
    shown = {row[0]: row[1] for row in found.rows()}["database"]
    assert SECRET not in shown
    assert shown == f"postgresql://qd:{MASK}@db/qd"


def test_a_file_with_a_setting_nobody_knows_is_refused(file: Path) -> None:
    file.write_text("prot = 8080\n")
    with pytest.raises(UnusableSetting, match="prot"):
        configure({}, {}, file)


@pytest.mark.parametrize("content", [b"port = ", b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_told_by_name(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(UnusableSetting, match=r"quarterdeck\.toml"):
        configure({}, {}, file)


@pytest.mark.parametrize(
    "values",
    [
        {"tls_cert": "c.pem"},
        {"oidc_issuer": "https://id"},
        {"behind_proxy": "10.0.0.1/8"},
        {"behind_proxy": "everyone"},
        {"base_url": "nonsense"},
        {"azure_endpoint": "management.example"},
        {"azure_authority": "https://"},
        {"oidc_issuer": "ldap://id", "oidc_client_id": "me"},
    ],
)
def test_settings_that_do_not_go_together_or_are_no_network_or_address_are_refused(
    values: dict[str, str],
) -> None:
    with pytest.raises(UnusableSetting):
        configure(values, {})


def test_only_names_that_begin_with_the_prefix_are_ours() -> None:
    found = configure({}, {"MY_QUARTERDECK_PORT": "1", "PORT": "2", "QUARTERDECK_NOPE": "3"})
    assert found.settings == Settings()


MAILED = {"smtp_host": "mail.example", "smtp_from": "q@mail.example"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"checkpoint_mail": "nobody", **MAILED}, "NAME@HOST"),
        ({"checkpoint_mail": "a@b, c@d", **MAILED}, "NAME@HOST"),
        ({"checkpoint_mail": "keeper@elsewhere.example"}, "smtp_host"),
    ],
)
def test_a_mailbox_that_no_mail_reaches_is_refused_at_once(
    given: dict[str, str], words: str
) -> None:
    with pytest.raises(UnusableSetting, match=f"checkpoint_mail.*{words}"):
        configure({}, env(**given))


def test_a_mailbox_that_mails_reach_is_taken() -> None:
    found = configure({}, env(checkpoint_mail="keeper@elsewhere.example", **MAILED))
    assert found.settings.checkpoint_mail == "keeper@elsewhere.example"


@pytest.mark.parametrize("url", ["nats://s3cret@host:4222", "nats://user:s3cret@host:4222"])
def test_what_opens_the_broker_is_not_shown(url: str) -> None:
    rows = configure({}, env(nats_url=url)).rows()
    assert not [value for _, value, _ in rows if "s3cret" in value]
