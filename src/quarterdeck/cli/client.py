"""The server as the terminal sees it."""

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import typer

from quarterdeck.cli.options import DEFAULT_URL, Options
from quarterdeck.cli.output import FOUND, REFUSED, UNAVAILABLE, WRONG_USE, stop

EXITS = {401: REFUSED, 403: REFUSED, 404: WRONG_USE, 409: REFUSED, 429: UNAVAILABLE}
TIMEOUT_S = 30.0
SERVER_FAILED = 500


class CliProblem(Exception):
    """The server answered with a problem, or not at all.

    Attributes:
        code: the exit code that says so.
    """

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class Client:
    """Talks to one server with one token. Every method raises CliProblem."""

    def __init__(
        self, url: str, token: str = "", ca: Path | None = None, timeout_s: float = TIMEOUT_S
    ) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        verify = ssl.create_default_context(cafile=str(ca)) if ca else True
        self.url = url.rstrip("/")
        self._http = httpx2.Client(
            base_url=self.url, headers=headers, timeout=timeout_s, verify=verify
        )

    def get(self, path: str, **query: object) -> Any:  # noqa: ANN401  JSON
        """The JSON document at ``path``; parameters that are None are left out."""
        return self._json("GET", path, params=_given(query))

    def each(self, path: str, name: str, **query: object) -> Iterator[dict[str, Any]]:
        """The rows under ``name`` in the list at ``path``, of all its pages, as they come."""
        given: dict[str, Any] | None = _given(query)
        while path:
            answer = self._answer("GET", path, params=given)
            yield from self._parsed(answer, path)[name]
            path, given = answer.links.get("next", {}).get("url", ""), None

    def rows(self, path: str, name: str, **query: object) -> list[dict[str, Any]]:
        """Every row under ``name`` in the list at ``path``, of all its pages."""
        return list(self.each(path, name, **query))

    def lines(self, path: str, **query: object) -> Iterator[str]:
        """The list at ``path``, all of it: one JSON object a line, as they come."""
        params, headers = _given(query), {"Accept": "application/x-ndjson"}
        try:
            with self._http.stream("GET", path, params=params, headers=headers) as answer:
                if answer.is_error:
                    answer.read()
                    raise _problem(answer)
                yield from answer.iter_lines()
        except httpx2.TransportError as error:
            raise CliProblem(f"{self.url} broke off ({error}); try again", UNAVAILABLE) from error

    def get_bytes(self, path: str) -> bytes:
        """The bytes at ``path``."""
        return self._answer("GET", path).content

    def save(self, path: str, to: Path, **query: object) -> int:
        """Write what is at ``path`` to a file as it comes; how many bytes it has.

        The file is there once it is whole.
        """
        part, size = to.with_name(f"{to.name}.part"), 0
        try:
            with self._http.stream("GET", path, params=_given(query)) as answer:
                if answer.is_error:
                    answer.read()
                    raise _problem(answer)
                with part.open("wb") as file:
                    for piece in answer.iter_bytes():
                        size += file.write(piece)
        except httpx2.TransportError as error:
            raise CliProblem(f"{self.url} broke off ({error}); try again", UNAVAILABLE) from error
        part.replace(to)
        return size

    def send(self, path: str, content: bytes, kind: str, **query: object) -> Any:  # noqa: ANN401  JSON
        """Send a file of the media type ``kind`` and read the answer."""
        said = {"content": content, "headers": {"Content-Type": kind}, "params": _given(query)}
        return self._json("POST", path, **said)

    def post(self, path: str, body: object = None) -> Any:  # noqa: ANN401  JSON
        """Send ``body`` (None: a bare POST) and read the answer."""
        return self._json("POST", path, json=body) if body is not None else self._json("POST", path)

    def put(self, path: str, body: object) -> Any:  # noqa: ANN401  JSON
        """Make what is at ``path`` so."""
        return self._json("PUT", path, json=body)

    def patch(self, path: str, body: object, version: str | None = None) -> Any:  # noqa: ANN401  JSON
        """Change what is at ``path``; ``version`` is its ETag, to be refused if it has moved."""
        headers = {"If-Match": version} if version else {}
        return self._json("PATCH", path, json=body, headers=headers)

    def delete(self, path: str) -> Any:  # noqa: ANN401  JSON
        """Remove what is at ``path``."""
        return self._json("DELETE", path)

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def _json(self, method: str, path: str, **said: Any) -> Any:  # noqa: ANN401  JSON
        answer = self._answer(method, path, **said)
        return self._parsed(answer, path) if answer.content else None

    def _parsed(self, answer: httpx2.Response, path: str) -> Any:  # noqa: ANN401  JSON
        try:
            return answer.json()
        except ValueError as error:
            raise CliProblem(
                f"{self.url} is no Quarterdeck: {path} is not JSON", UNAVAILABLE
            ) from error

    def _answer(self, method: str, path: str, **said: Any) -> httpx2.Response:  # noqa: ANN401  httpx2's
        try:
            answer = self._http.request(method, path, **said)
        except httpx2.TransportError as error:
            raise CliProblem(
                f"no answer from {self.url} ({error}); is it running? start one with: "
                "quarterdeck up, or name another with --url",
                UNAVAILABLE,
            ) from error
        if answer.is_error:
            raise _problem(answer)
        return answer


def client_of(context: typer.Context) -> Client:
    """The client for the server that the command line names."""
    options: Options = context.obj
    url, token = options.server()
    token = token.strip()
    if not url.startswith(("http://", "https://")):
        stop(f"{url} is no address of a server; one looks like {DEFAULT_URL}", WRONG_USE)
    if not (token.isascii() and token.isprintable()):
        stop("the token has characters that no token has; copy it again, whole", WRONG_USE)
    client = Client(url, token)
    context.call_on_close(client.close)
    return client


def address(base: str, *names: str) -> str:
    """The path below ``base`` of what these name: each is one part, whatever it holds."""
    return "/".join((base, *(quote(name, safe="") for name in names)))


@contextmanager
def told() -> Iterator[None]:
    """Turn a CliProblem into words on standard error and its exit code."""
    try:
        yield
    except CliProblem as problem:
        stop(str(problem), problem.code)


def _given(query: dict[str, object]) -> dict[str, Any]:
    return {
        key: value if isinstance(value, list) else str(value)
        for key, value in query.items()
        if value is not None
    }


def _problem(answer: httpx2.Response) -> CliProblem:
    code = EXITS.get(
        answer.status_code, UNAVAILABLE if answer.status_code >= SERVER_FAILED else FOUND
    )
    try:
        said = answer.json()
        words = said.get("detail") or said.get("title") or answer.reason_phrase
    except (json.JSONDecodeError, AttributeError):
        words = answer.reason_phrase
    if answer.status_code == httpx2.codes.UNAUTHORIZED:
        words = f"{words}. Give a token with --token or QUARTERDECK_TOKEN."
    if answer.status_code in (httpx2.codes.UNPROCESSABLE_CONTENT, httpx2.codes.BAD_REQUEST):
        code = WRONG_USE
    return CliProblem(str(words), code)
