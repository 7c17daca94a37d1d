"""Pages that never end: whoever sends us round and round is refused, though nothing be on them."""

import json
from collections.abc import Callable, Iterator
from itertools import count, cycle

import pytest
from typing_extensions import override

from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass
from quarterdeck.providers.azure import paging
from quarterdeck.providers.azure.asks import Ask
from quarterdeck.providers.azure.client import Client, Reading
from quarterdeck.providers.azure.resource_graph import query
from quarterdeck.providers.azure.transport import Answer


class Endless(Client):
    """Answers with an empty page, again and again, and with the next of these tokens."""

    def __init__(self, tokens: Iterator[str]) -> None:
        self.tokens = tokens
        self.asked = 0

    @override
    def read(self, ask: Ask, understand: Callable[[Answer], Reading]) -> Reading:
        self.asked += 1
        body = json.dumps({"data": [], "$skipToken": next(self.tokens)}).encode()
        return understand(Answer(url=ask.url, status=200, headers={}, body=body, request_id=""))


def refused(client: Endless) -> str:
    with pytest.raises(CloudFailure, match="circle") as caught:
        list(query(client, "https://cloud.example", ["s1"]))
    assert caught.value.kind is FailureClass.DATA
    return str(caught.value)


@pytest.mark.parametrize("tokens", ["a", "abc"])
def test_a_token_that_came_before_is_refused_though_its_pages_were_empty(tokens: str) -> None:
    client = Endless(cycle(tokens))
    refused(client)
    assert client.asked == 1 + len(tokens)


def test_empty_pages_count_as_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MAX_PAGES", 20)
    client = Endless(str(number) for number in count())
    assert "20 pages" in refused(client)
    assert client.asked == 20
