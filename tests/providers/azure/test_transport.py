"""One exchange, bounded: servers that drip, flood, or send elsewhere."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from starlette.types import ASGIApp, Receive, Scope, Send

from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass
from quarterdeck.kernel.clock import utc_now
from quarterdeck.providers.azure.asks import Api, Ask
from quarterdeck.providers.azure.client import Client, manners
from quarterdeck.providers.azure.cloud import AzureCloud, Places
from quarterdeck.providers.azure.options import AzureOptions, Patience
from quarterdeck.providers.azure.transport import Transport
from quarterdeck.providers.simulator.recorded import FixedToken
from quarterdeck.providers.simulator.serving import ca_file, serving
from quarterdeck.providers.simulator.tls import loopback_tls


@contextmanager
def cloud_at(app: ASGIApp, folder: Path, **limits: float) -> Iterator[AzureCloud]:
    tls = loopback_tls(utc_now())
    with serving(app, tls.context) as url:
        options = AzureOptions(endpoint=url, ca_file=ca_file(folder, tls.ca_pem), **limits)  # type: ignore[arg-type]  # a limit each
        transport = Transport(options)
        client = Client(transport, FixedToken(), manners(Patience(attempts=1)), utc_now)
        try:
            yield AzureCloud(client, Places(arm=url))
        finally:
            transport.close()


def answering(status: int, body: bytes, **headers: str) -> ASGIApp:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body})

    return app


async def dripping(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(200):
        await send({"type": "http.response.body", "body": b" ", "more_body": True})
        await asyncio.sleep(0.02)
    await send({"type": "http.response.body", "body": b'{"value":[]}'})


def test_an_answer_that_drips_for_ever_is_a_timeout(tmp_path: Path) -> None:
    with cloud_at(dripping, tmp_path, answer_s=0.2) as cloud, pytest.raises(CloudFailure) as failed:
        list(cloud.subscriptions())
    assert failed.value.kind is FailureClass.TIMEOUT


def test_an_answer_without_end_is_refused(tmp_path: Path) -> None:
    flood = answering(200, b" " * 100_000)
    with (
        cloud_at(flood, tmp_path, answer_bytes=10_000) as cloud,
        pytest.raises(CloudFailure, match="longer than 10000 bytes") as failed,
    ):
        list(cloud.subscriptions())
    assert failed.value.kind is FailureClass.DATA


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    elsewhere = answering(307, b"", location="https://elsewhere.invalid/")
    with cloud_at(elsewhere, tmp_path) as cloud, pytest.raises(CloudFailure, match="307"):
        list(cloud.subscriptions())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"<html>maintenance</html>",
        b'{"value":{}}',
        b'{"value":[],"nextLink":7}',
        b'{"value":[{"displayName":"no id"}]}',
        b'{"value":[{"subscriptionId":"a\xff"}]}',
        b'{"value":[1]}',
    ],
)
def test_what_is_no_listing_is_a_data_failure(tmp_path: Path, body: bytes) -> None:
    with (
        cloud_at(answering(200, body), tmp_path) as cloud,
        pytest.raises(CloudFailure) as failed,
    ):
        list(cloud.subscriptions())
    assert failed.value.kind is FailureClass.DATA


def test_an_error_without_words_still_has_its_status(tmp_path: Path) -> None:
    bare = answering(418, b"<html>", x_ms_request_id="abc")
    with cloud_at(bare, tmp_path) as cloud, pytest.raises(CloudFailure, match="418") as failed:
        list(cloud.subscriptions())
    assert failed.value.kind is FailureClass.UNKNOWN
    assert failed.value.request_id == "abc"


class Stopped(Exception):
    """Whoever waits is told to stop."""


def test_a_wait_for_the_quota_is_no_part_of_a_request() -> None:
    def stop(_seconds: float) -> None:
        raise Stopped

    def unanswered() -> float:
        labels = {"api": "advisor", "status": "none"}
        return REGISTRY.get_sample_value("quarterdeck_cloud_requests_total", labels) or 0

    transport, how = Transport(AzureOptions()), manners(Patience(attempts=1))
    ask = Ask(api=Api.ADVISOR, url="https://cloud.invalid", needs="")
    how.pacer.hold((how.principal, ask.api, ask.scope), 5)
    before = unanswered()
    with pytest.raises(Stopped):
        Client(transport, FixedToken(), how, utc_now, stop).send(ask)
    transport.close()
    assert unanswered() == before
