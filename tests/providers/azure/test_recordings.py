"""Exchanges recorded from the real service, played back over HTTPS to the same client."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

import pytest

from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.errors import Invalid
from quarterdeck.providers.azure.arm import AzureCloud
from quarterdeck.providers.azure.cassette import Exchange, read
from quarterdeck.providers.azure.client import Client
from quarterdeck.providers.azure.options import AzureOptions, Patience
from quarterdeck.providers.azure.transport import Transport
from quarterdeck.providers.simulator.playback import Playback, playing
from quarterdeck.providers.simulator.recorded import FixedToken, collections, open_recorded


@pytest.fixture(scope="module")
def cassettes(shared_data: Path) -> list[Path]:
    folder = shared_data / "data" / "azure-recordings" / "cassettes"
    if not folder.is_dir():
        pytest.skip(f"no recorded exchanges at {folder}")
    return sorted(folder.glob("*.json"))


def listed(cassette: Path) -> Counter[str]:
    """Every resource of a GET in the file, by the standard library alone."""
    found: Counter[str] = Counter()
    for one in json.loads(cassette.read_text())["interactions"]:
        body = one["response"]["body"]
        answer = body.get("data", body.get("string"))
        if isinstance(answer, str) and answer.startswith("{"):
            answer = json.loads(answer)
        if one["request"]["method"] == "GET" and isinstance(answer, dict):
            value = answer.get("value")
            items = value if isinstance(value, list) else [answer]
            found.update(canonical(item) for item in items if is_resource(item))
    return found


def is_resource(item: object) -> bool:
    in_subscription = isinstance(item, dict) and str(item.get("id")).startswith("/subscriptions/")
    return in_subscription and isinstance(item, dict) and "type" in item


def canonical(item: object) -> str:
    return json.dumps(item, sort_keys=True)


def test_every_resource_of_every_recording_comes_out_of_the_client_whole(
    cassettes: list[Path], tmp_path: Path
) -> None:
    read_total = 0
    for cassette in cassettes:
        expected = listed(cassette)
        with open_recorded(cassette, tmp_path, utc_now()) as cloud:
            pages = [page for one in cloud.subscriptions() for page in cloud.resources(one.id)]
        found = Counter(canonical(json.loads(item)) for page in pages for item in page.items)
        assert found.keys() == expected.keys(), cassette.name
        assert found >= expected, cassette.name
        read_total += sum(expected.values())
    assert read_total > 900


def test_items_are_the_recorded_bytes(cassettes: list[Path], tmp_path: Path) -> None:
    held = [(file, one) for file in cassettes for one in collections(file) if one.listing]
    file, _ = max(held, key=lambda pair: len(pair[1].resources))
    with open_recorded(file, tmp_path, utc_now()) as cloud:
        for one in (one for one in collections(file) if one.listing):
            items = [item for page in cloud.pages(one) for item in page.items]
            assert set(one.resources) <= set(items)
            assert all(resource in file.read_bytes() for resource in one.resources)


def test_every_exchange_of_every_recording_is_played_to_the_byte(
    cassettes: list[Path], tmp_path: Path
) -> None:
    played = 0
    for cassette in cassettes:
        exchanges = read(cassette)
        with (
            playing(exchanges, tmp_path, utc_now()) as playback,
            transport_to(playback) as transport,
        ):
            for exchange in exchanges:
                answer = transport.send(exchange.method, playback.local(exchange.url), "any")
                assert answer.status == exchange.status, exchange.url
                assert told(answer.body) == told(exchange.body), exchange.url
                played += 1
    assert played > 400


def test_a_recorded_next_page_is_followed_to_where_it_is_played(tmp_path: Path) -> None:
    first = "https://management.azure.com/subscriptions/s/resources?api-version=1"
    second = "https://management.azure.com/subscriptions/s/resources?$skiptoken=a%20b&api-version=1"
    item = b'{"id":"/subscriptions/s/x", "n": 1.0}'
    exchanges = [
        exchange(
            first, b'{"value":[' + item + b'],"nextLink":' + json.dumps(second).encode() + b"}"
        ),
        exchange(unquote(second), b'{"value":[2], "nextLink": null}'),
    ]
    with playing(exchanges, tmp_path, utc_now()) as playback, cloud_at(playback) as cloud:
        pages = [page.items for page in cloud.items(playback.local(first))]
    assert pages == [(item,), (b"2",)]


def test_the_same_request_again_gets_the_next_recorded_answer(tmp_path: Path) -> None:
    url = "https://management.azure.com/subscriptions"
    exchanges = [exchange(url, b'{"value":[%d]}' % number) for number in (1, 2)]
    with playing(exchanges, tmp_path, utc_now()) as playback, cloud_at(playback) as cloud:
        answers = [next(cloud.items(playback.local(url))).items for _ in range(3)]
    assert answers == [(b"1",), (b"2",), (b"2",)]


@pytest.mark.parametrize("text", ["", "[]", '{"version": 2, "interactions": []}', "{"])
def test_a_file_that_is_no_cassette_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.json").write_text(text)
    with pytest.raises(Invalid, match=r"odd\.json is not a cassette"):
        read(tmp_path / "odd.json")


def exchange(url: str, body: bytes) -> Exchange:
    return Exchange(method="GET", url=url, status=200, headers={}, body=body)


@contextmanager
def transport_to(playback: Playback) -> Iterator[Transport]:
    transport = Transport(AzureOptions(endpoint=playback.base, ca_file=playback.ca_file))
    try:
        yield transport
    finally:
        transport.close()


@contextmanager
def cloud_at(playback: Playback) -> Iterator[AzureCloud]:
    with transport_to(playback) as transport:
        client = Client(transport, FixedToken(), Patience(attempts=1), utc_now)
        yield AzureCloud(client, playback.base)


def told(body: bytes) -> object:
    """A body without its ``nextLink``, which leads to where it is played."""
    try:
        read_body = json.loads(body)
    except ValueError:
        return body
    return (
        {name: value for name, value in read_body.items() if name != "nextLink"}
        if isinstance(read_body, dict)
        else body
    )
