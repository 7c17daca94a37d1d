"""ETags on what is edited: nobody overwrites what they have not seen (RFC 9110, 8.8 and 13)."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated

from fastapi import Header, Request, Response

from quarterdeck.web.faults import PreconditionFailed

IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", description="Change it only if its ETag is still this one."),
]


def etag_of(*parts: object) -> str:
    """A strong ETag of a thing whose every change changes one of ``parts``."""
    digest = sha256("\0".join(map(str, parts)).encode()).hexdigest()
    return f'"{digest[:32]}"'


def check_match(given: str | None, current: str) -> None:
    """Refuse a change that was meant for another state; without If-Match, any state will do.

    A weak tag never matches: If-Match compares strongly (RFC 9110, 13.1.1).

    Raises:
        PreconditionFailed: the thing has changed since.
    """
    if given is None or given.strip() == "*":
        return
    if current not in {tag.strip() for tag in given.split(",")}:
        raise PreconditionFailed(f"it has changed; its ETag is now {current}: read it again")


def kept_for(
    request: Request, body: str, media_type: str, tag: str, headers: Mapping[str, str]
) -> Response:
    """An answer that others may keep; 304 without a body for who has it (RFC 9110, 13.1.2).

    ``tag`` is weak: it leaves out when the answer was made.
    """
    weak = f"W/{tag}"
    said = {**headers, "ETag": weak}
    given = {one.strip() for one in request.headers.get("if-none-match", "").split(",")}
    if given & {weak, tag, "*"}:
        return Response(status_code=304, headers=said)
    return Response(body, headers=said, media_type=media_type)
