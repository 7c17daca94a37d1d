"""Loopback trust: every condition alone refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.web.loopback import from_here, host_name, is_address

HERE = ("127.0.0.1", "http", [("host", "localhost:8080")])

local_peers = st.sampled_from(["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
local_hosts = st.sampled_from(["localhost", "127.0.0.1:8080", "[::1]:1", "LOCALHOST:9"])
harmless = st.lists(
    st.sampled_from(
        [
            ("accept", "*/*"),
            ("sec-fetch-site", "none"),
            ("sec-fetch-site", "same-origin"),
            ("cookie", "a=b"),
        ]
    )
)
damning = st.sampled_from(
    [
        ("forwarded", "for=127.0.0.1"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-host", "localhost"),
        ("x-forwarded-anything", ""),
        ("via", "1.1 proxy"),
        ("x-real-ip", "127.0.0.1"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "null"),
        ("origin", "http://evil.example"),
        ("origin", "https://localhost:8080"),
        ("host", "localhost"),
    ]
)


@given(peer=local_peers, host=local_hosts, headers=harmless)
def test_this_machine_itself_is_trusted(
    peer: str, host: str, headers: list[tuple[str, str]]
) -> None:
    assert from_here(peer, "http", [("host", host), *headers])
    assert from_here(peer, "http", [("origin", f"http://{host}"), ("host", host), *headers])


@given(peer=local_peers, host=local_hosts, headers=harmless, bad=damning, at=st.integers(0, 3))
def test_one_header_is_enough_to_refuse_wherever_it_stands(
    peer: str, host: str, headers: list[tuple[str, str]], bad: tuple[str, str], at: int
) -> None:
    given_headers = [("host", host), *headers]
    given_headers.insert(at, bad)
    assert not from_here(peer, "http", given_headers)


@given(peer=st.ip_addresses().map(str) | st.text(max_size=20))
def test_a_peer_elsewhere_is_not_trusted(peer: str) -> None:
    local = peer.startswith(("127.", "::ffff:")) or peer == "::1"
    assert local or not from_here(peer, "http", [("host", "localhost")])


@given(host=st.text(max_size=30).filter(lambda h: host_name(h) not in ("localhost", "127.0.0.1")))
def test_another_host_is_not_trusted(host: str) -> None:
    assert host == "[::1]" or not from_here("127.0.0.1", "http", [("host", host)])


def test_a_request_without_host_is_not_trusted() -> None:
    assert not from_here("127.0.0.1", "http", [])


@pytest.mark.parametrize(
    ("host", "name"),
    [("a:80", "a"), ("A", "a"), ("[::1]:80", "[::1]"), ("[::1]", "[::1]"), ("a:b", "a:b")],
)
def test_a_host_is_told_from_its_port(host: str, name: str) -> None:
    assert host_name(host) == name


def test_an_address_is_told_from_a_name() -> None:
    assert [is_address(h) for h in ("10.0.0.1", "[::1]", "ten.example", "")] == [
        True,
        True,
        False,
        False,
    ]
