"""An OpenID Connect provider that others wrote, where anybody may sign in."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import httpx2


@contextmanager
def provider() -> Iterator[str]:
    """Its issuer. ``ada`` has a verified address, ``bob`` one that nobody verified."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it uses parts of its libraries that will go
        from oidc_provider_mock import User, run_server_in_thread  # noqa: PLC0415

        people = [
            User(sub="ada", claims={"email": "ada@example.com", "email_verified": True}),
            User(sub="bob", claims={"email": "bob@example.com", "email_verified": False}),
        ]
        with run_server_in_thread(user_claims=people) as server:
            yield f"http://localhost:{server.server_port}"


def signed_in(address: str, who: str) -> dict[str, str]:
    """What the browser of ``who`` brings back from ``address``."""
    answer = httpx2.post(address, data={"sub": who}, follow_redirects=False)
    assert answer.status_code in (302, 303), answer.text
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    return {name: values[0] for name, values in query.items()}
