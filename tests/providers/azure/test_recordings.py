"""Exchanges recorded from the real service, played back over HTTPS to the same client."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

import pytest

from quarterdeck.governance.cloud.ports import CloudFailure
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.errors import Invalid
from quarterdeck.providers.azure.asks import Api, Ask
from quarterdeck.providers.azure.cassette import Exchange, read
from quarterdeck.providers.azure.client import Client, manners
from quarterdeck.providers.azure.cloud import AzureCloud, Places
from quarterdeck.providers.azure.listing import understand
from quarterdeck.providers.azure.options import AzureOptions, Patience
from quarterdeck.providers.azure.paging import follow
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
    expected = sum((listed(cassette) for cassette in cassettes), Counter[str]())
    with open_recorded(cassettes, tmp_path, utc_now()) as cloud:
        pages = [page for one in cloud.subscriptions() for page in cloud.resources(one.id)]
    found = Counter(canonical(json.loads(item)) for page in pages for item in page.items)
    assert found.keys() == expected.keys()
    assert found >= expected
    assert sum(expected.values()) > 950


def test_the_client_reads_every_recorded_answer_without_loss(
    cassettes: list[Path], tmp_path: Path
) -> None:
    """Listings of any API as pages, paging followed; all else as the bytes that were sent."""
    tapes = {file.stem: read(file) for file in cassettes}
    asked = {(name, one.method, one.url) for name, tape in tapes.items() for one in tape}
    pages = items = 0
    with playing(tapes, tmp_path, utc_now()) as playback, transport_to(playback) as transport:
        client = Client(transport, FixedToken(), manners(Patience(attempts=1)), utc_now)
        for name, method, url in sorted(asked):
            answers = [one for one in tapes[name] if (one.method, one.url) == (method, url)]
            for one in answers:
                ask = ask_for(method, playback.local(name, url))
                if (expected := values(one.body)) is None or one.status >= 400:
                    assert told(transport.send(ask, "any").body) == told(one.body), url
                    continue
                first = next(follow(client, ask, understand))
                assert [json.loads(item) for item in first.items] == expected, url
                pages, items = pages + 1, items + len(expected)
    assert pages > 200
    assert items > 900


def values(body: bytes) -> list[object] | None:
    """The items of a body that is a listing."""
    try:
        found = json.loads(body)
    except ValueError:
        return None
    value = found.get("value") if isinstance(found, dict) else None
    return value if isinstance(value, list) else None


def test_items_are_the_recorded_bytes(cassettes: list[Path], tmp_path: Path) -> None:
    texts = {file.stem: file.read_bytes() for file in cassettes}
    checked = 0
    with open_recorded(cassettes, tmp_path, utc_now()) as cloud:
        for one in (one for file in cassettes for one in collections(file) if one.listing):
            items = {item for page in cloud.pages(one) for item in page.items}
            assert set(one.resources) <= items
            checked += sum(resource in texts[one.cassette] for resource in one.resources)
    assert checked > 850  # the others stand in the files as text within text


def test_every_exchange_of_every_recording_is_played_to_the_byte(
    cassettes: list[Path], tmp_path: Path
) -> None:
    tapes = {file.stem: read(file) for file in cassettes}
    exchanges = [(name, one) for name, tape in tapes.items() for one in tape]
    with playing(tapes, tmp_path, utc_now()) as playback, transport_to(playback) as transport:
        for name, one in exchanges:
            answer = transport.send(ask_for(one.method, playback.local(name, one.url)), "any")
            assert answer.status == one.status, one.url
            assert told(answer.body) == told(one.body), one.url
    assert len(exchanges) > 450


def test_a_recorded_next_page_is_followed_to_where_it_is_played(tmp_path: Path) -> None:
    first = "https://management.azure.com/subscriptions/s/resources?api-version=1"
    second = "https://management.azure.com/subscriptions/s/resources?$skiptoken=a%20b&api-version=1"
    item = b'{"id":"/subscriptions/s/x", "n": 1.0}'
    linked = b'{"value":[' + item + b'],"nextLink":' + json.dumps(second).encode() + b"}"
    tape = [exchange(first, linked), exchange(unquote(second), b'{"value":[2], "nextLink": null}')]
    with playing({"c": tape}, tmp_path, utc_now()) as playback, cloud_at(playback) as cloud:
        pages = [page.items for page in cloud.items(playback.local("c", first))]
    assert pages == [(item,), (b"2",)]


def test_the_same_request_again_gets_the_next_recorded_answer(tmp_path: Path) -> None:
    url = "https://management.azure.com/subscriptions"
    tape = [exchange(url, b'{"value":[%d]}' % number) for number in (1, 2)]
    with playing({"c": tape}, tmp_path, utc_now()) as playback, cloud_at(playback) as cloud:
        answers = [next(cloud.items(playback.local("c", url))).items for _ in range(3)]
    assert answers == [(b"1",), (b"2",), (b"2",)]


def test_a_request_that_was_not_recorded_is_not_answered(tmp_path: Path) -> None:
    with playing({"c": []}, tmp_path, utc_now()) as playback, cloud_at(playback) as cloud:
        for cassette in ("c", "another"):
            with pytest.raises(CloudFailure, match="NotRecorded"):
                next(cloud.items(playback.local(cassette, "https://management.azure.com/x")))


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
        client = Client(transport, FixedToken(), manners(Patience(attempts=1)), utc_now)
        yield AzureCloud(client, Places(arm=playback.base))


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


def ask_for(method: str, url: str) -> Ask:
    return Ask(api=Api.RESOURCE_MANAGER, url=url, needs="nothing", method=method)
