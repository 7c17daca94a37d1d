"""OData as Microsoft Graph takes it: what is chosen, expanded, and how pages are written."""

from collections.abc import Sequence
from urllib.parse import quote

import msgspec
from starlette.requests import Request

from quarterdeck.providers.simulator.answers import Form, Refused
from quarterdeck.providers.simulator.estate import Json


def chosen(request: Request) -> list[str]:
    """The fields of ``$select``."""
    asked = request.query_params.get("$select", "")
    return [name.strip() for name in asked.split(",") if name.strip()]


def expanded(request: Request, links: Sequence[str]) -> set[str]:
    """The fields of ``$expand``; refuses what cannot be expanded."""
    asked = request.query_params.get("$expand", "")
    names = {name.partition("(")[0].strip() for name in asked.split(",")} - {""}
    for name in names - set(links):
        raise Refused(400, "BadRequest", f"Parsing OData Select and Expand failed: '{name}'.")
    return names


def page_size(request: Request, most: int, usual: int) -> int:
    """Objects of a page; Graph refuses to give more than it can."""
    asked = request.query_params.get("$top", "")
    if not asked:
        return usual
    if not asked.isdecimal() or not 1 <= int(asked) <= most:
        words = f"Invalid page size specified: '{asked}'. Must be between 1 and {most} inclusive."
        raise Refused(400, "Request_UnsupportedQuery", words)
    return int(asked)


def delta_fields(request: Request) -> list[str]:
    """The fields of ``$select`` that a delta query tracks; refuses what none takes.

    Sign-ins stand outside of the directory's own store, and are not tracked.
    """
    for name in ("$top", "$expand", "$orderby", "$search"):
        if name in request.query_params:
            raise Refused(400, "Request_UnsupportedQuery", f"'{name}' is not supported here.")
    fields = chosen(request)
    if "signInActivity" in fields:
        words = "Change tracking is not supported for property 'signInActivity'."
        raise Refused(400, "Request_UnsupportedQuery", words)
    return fields


def link(request: Request, token: Json) -> str:
    """The address of a delta query with a token; its other parameters are in the token."""
    base = f"{request.url.scheme}://{request.url.netloc}{request.url.path}"
    query = "&".join(f"{name}={quote(str(value))}" for name, value in token.items())
    return f"{base}?{query}" if query else base


def delta_form(request: Request, path: str, *, last: bool) -> Form:
    """How changes are wrapped; the last page has a link for later ones."""
    base = f"{request.url.scheme}://{request.url.netloc}/v1.0"

    def wrap(items: list[bytes], to: str) -> bytes:
        head: Json = {"@odata.context": f"{base}/$metadata#{path}"}
        if to:
            head["@odata.deltaLink" if last else "@odata.nextLink"] = to
        return msgspec.json.encode(head | {"value": msgspec.Raw(b"[" + b",".join(items) + b"]")})

    return Form(wrap=wrap)


def form(request: Request, path: str, total: int) -> Form:
    """How objects are wrapped; ``$count=true`` tells how many there are in all."""
    base = f"{request.url.scheme}://{request.url.netloc}/v1.0"

    def wrap(items: list[bytes], link: str) -> bytes:
        head: Json = {"@odata.context": f"{base}/$metadata#{path}"}
        if request.query_params.get("$count", "").lower() == "true":
            head["@odata.count"] = total
        if link:
            head["@odata.nextLink"] = link
        return msgspec.json.encode(head | {"value": msgspec.Raw(b"[" + b",".join(items) + b"]")})

    return Form(wrap=wrap)
