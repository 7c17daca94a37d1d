"""What the terminal reads of a list: row by row, as the pages come."""

import json
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from quarterdeck.cli.client import Client, CliProblem
from quarterdeck.kernel.clock import utc_now
from quarterdeck.providers.simulator.serving import ca_file, serving
from quarterdeck.providers.simulator.tls import loopback_tls


async def two_pages(scope: Scope, _receive: Receive, send: Send) -> None:
    """A list of two pages, of which the second cannot be had."""
    first = not scope["query_string"]
    headers = [(b"link", b'</users?cursor=2>; rel="next"')] if first else []
    body = {"users": [{"id": "ada"}]} if first else {"detail": "gone"}
    status = 200 if first else 404
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})


def test_rows_come_before_the_next_page_is_asked_for(tmp_path: Path) -> None:
    tls = loopback_tls(utc_now())
    with serving(two_pages, tls.context) as url:
        client = Client(url, ca=ca_file(tmp_path, tls.ca_pem))
        rows = client.each("/users", "users")
        assert next(rows) == {"id": "ada"}
        with pytest.raises(CliProblem):
            next(rows)
        client.close()
