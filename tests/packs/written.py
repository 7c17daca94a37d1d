"""Packs as a test writes them, in few words."""

from collections.abc import Mapping

import yaml

HEAD = "pack: acme\ntitle: Acme\nsource: our own\nversion: '1'\n"
TENANT = "kind: tenant\nname: acme\nspec: {name: Acme}\n"
SEVERITY: dict[str, object] = {"name": "SEV-1", "title": "Critical", "aliases": ["P1"]}


def item(kind: str, name: str, /, **spec: object) -> str:
    """One document."""
    return yaml.safe_dump({"kind": kind, "name": name, "spec": spec}, sort_keys=False)


def pack(**files: str) -> dict[str, str]:
    """A pack of one tenant, acme."""
    texts = {f"{name}.yaml": text for name, text in files.items()}
    return {"pack.yaml": HEAD, "tenants.yaml": TENANT} | texts


def stated(*lines: str, tenant: str = "acme") -> str:
    """Statements, each as ``severity SEV-1 | respond | 5m | L301``; the first stands at line 6."""
    head = f"kind: statements\nname: lines\nspec:\n  tenant: {tenant}\n  said:\n"
    return head + "".join(
        '    - {{of: "{}", what: {}, is: "{}", at: "{}"}}\n'.format(*map(str.strip, one.split("|")))
        for one in lines
    )


def ladder(*severities: Mapping[str, object], **more: object) -> str:
    """The severities of acme."""
    return item("severity-ladder", "acme", severities=[*severities], **more)
