"""How a route states what it needs. The use case behind it enforces the same."""

from typing import Any

PERMISSION = "x-permission"


def needs(permission: str) -> dict[str, Any]:
    """Keyword arguments of a route: ``@router.get("", **needs("resources:read"))``.

    A test walks the assembled application: a route with neither this nor a place in the
    short list of open routes fails, and each is tried without a credential, with a wrong
    role, and on another tenant's data.
    """
    return {"openapi_extra": {PERMISSION: permission}}
