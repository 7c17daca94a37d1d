"""OData as Microsoft Graph takes it: what is chosen, expanded, and how pages are written."""

from collections.abc import Sequence

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
