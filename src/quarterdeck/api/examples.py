"""An example request for each operation; a test sends them all, and fails where one is missing."""

from typing import Any

_ID = "01a1effd-c11f-7972-beed-8fe9aadfdd"

PARAMETERS: dict[str, Any] = {
    "tenant": "contoso",
    "permission": "resources:read",
    "connection": f"{_ID}01",
    "principal": f"{_ID}02",
    "grant": f"{_ID}03",
    "token": f"{_ID}04",
    "session": f"{_ID}05",
    "resource": f"{_ID}06",
    "run": f"{_ID}07",
    "job": f"{_ID}08",
    "index": 0,
    "old": 1,
    "new": 2,
    "level": "0",
    "asset": "start.js",
    "name": "TenantNotFound",
}
"""Of parameters that must be given, by their names."""

BUNDLE = "000.p/17"
"""The first bundle, or tile, of a log with 17 entries."""

OTHERWISE: dict[tuple[str, str], Any] = {
    ("log_entries", "index"): BUNDLE,
    ("log_tile", "index"): BUNDLE,
}
"""Where the same name means something else: by operation and parameter."""

_DIRECTORY = {
    "name": "Fabrikam production",
    "tenant_id": "fabrikam-directory-id",
    "client_id": "application-id",
    "client_secret_ref": "env:FABRIKAM_SECRET",
}
_PACK = {
    "files": {
        "pack.yaml": "pack: acme\ntitle: Acme\nsource: our own\nversion: '1'\n",
        "tenants.yaml": "kind: tenant\nname: acme\nspec: {name: Acme}\n",
    }
}

BODIES: dict[str, dict[str, Any]] = {
    "create_tenant": {**_DIRECTORY, "owner": "Retail", "purpose": "Shops"},
    "create_connection": {**_DIRECTORY, "tenant_id": "second-directory-id"},
    "change_tenant": {"name": "Contoso", "owner": "Platform team"},
    "set_limit": {"per_minute": 600, "burst": 100},
    "add_principal": {"kind": "person", "name": "Ada Lovelace", "email": "ada@contoso.example"},
    "give_role": {"principal": PARAMETERS["principal"], "role": "sre", "tenant": "contoso"},
    "create_token": {
        "principal": PARAMETERS["principal"],
        "name": "nightly export",
        "permissions": ["resources:read"],
        "tenants": ["contoso"],
    },
    "rotate_token": {"overlap_s": 3600},
    "decide_job": {"step": "delete", "outcome": {"deleted": 3}},
    "diff_pack": _PACK,
    "apply_pack": _PACK,
}
"""By operation."""


def illustrate(operation: dict[str, Any]) -> None:
    """Put its examples into an operation of the document."""
    name = operation["operationId"]
    for parameter in operation.get("parameters", ()):
        example = OTHERWISE.get((name, parameter["name"]), PARAMETERS.get(parameter["name"]))
        if parameter["required"] and example is not None:
            parameter["example"] = example
    for content in operation.get("requestBody", {}).get("content", {}).values():
        if name in BODIES:
            content["example"] = BODIES[name]
