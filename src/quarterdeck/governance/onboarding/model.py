"""The checklist of runbook 000, section 5.1: what is done for a tenant to join, and by whom.

What preflight or the tenant itself shows is not ticked by hand: it is read off them. Only
what nobody but a person knows is recorded, and a person's word stands over the reading.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from quarterdeck.access.tenants.model import Tenant
from quarterdeck.governance.connections.model import Connection
from quarterdeck.governance.preflight.model import (
    DIRECTORY_ROLE,
    GRAPH,
    OF_DIRECTORY,
    OF_SUBSCRIPTION,
    ROLES,
    SUBSCRIPTIONS,
    TOKEN,
    Examined,
    Outcome,
    Result,
    overall,
)
from quarterdeck.kernel.errors import Invalid, NotFound

MAX_EVIDENCE = 2000
PRODUCT = "quarterdeck"

# What Entra generates since 2021: 40 characters with "Q~" behind three and a digit.
LOOKS_SECRET = re.compile(r"[\w.~-]{3}\dQ~[\w.~-]{31,34}")


class CredentialMissing(Invalid):
    """A tenant needs a client id and a reference to its secret, or delegated access."""


class SecretItself(Invalid):
    """What was given as a reference to a secret is a secret: it must not be stored."""


class NoSuchItem(NotFound):
    """The checklist has no such item."""


class State(StrEnum):
    """How an item stands."""

    OPEN = "open"
    DONE = "done"
    FAILED = "failed"
    NOT_NEEDED = "not_needed"


class ItemName(StrEnum):
    """The items, in the order they are worked through."""

    APPROVAL = "approval"
    PERMISSIONS = "permissions"
    APP_REGISTRATION = "app_registration"
    CONSENT = "consent"
    ROLES = "roles"
    CREDENTIALS = "credentials"
    PURPOSE_AND_OWNER = "purpose_and_owner"
    VERIFICATION = "verification"


TITLES = {
    ItemName.APPROVAL: "The tenant's administrator approved",
    ItemName.PERMISSIONS: "Directory permission: Global or Application Administrator",
    ItemName.APP_REGISTRATION: "The application is registered in the directory",
    ItemName.CONSENT: "API permissions are granted, with admin consent",
    ItemName.ROLES: "Roles are assigned: Reader, Cost Management Reader, Security Reader",
    ItemName.CREDENTIALS: "Directory id, client id and the secret's place are known",
    ItemName.PURPOSE_AND_OWNER: "Purpose and owner are written down",
    ItemName.VERIFICATION: "Listed, synced, and its data flowing",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What was written down of an item."""

    item: ItemName
    state: State
    by: str
    at: datetime
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An item as it stands.

    Attributes:
        by: who said so, a principal's id, or ``quarterdeck``; empty while nobody did.
        evidence: what it rests on, in words.
        todo: what to do next, a command where there is one; empty where nothing is.
    """

    name: ItemName
    title: str
    state: State
    by: str = ""
    at: datetime | None = None
    evidence: str = ""
    todo: str = ""


def check_credential(connection_name: str, client: str, secret: str, *, lighthouse: bool) -> None:
    """Refuse a tenant that cannot be reached, or a secret given for its reference.

    Raises:
        CredentialMissing: says what to give.
        SecretItself: the words of which do not repeat it.
    """
    if LOOKS_SECRET.fullmatch(secret):
        raise SecretItself(
            "client_secret_ref looks like a secret itself; store that where the worker finds "
            "it, and give its place: env:NAME or file:PATH"
        )
    if lighthouse or (client and secret):
        return
    lacking = [name for name, given in (("client_id", client), ("client_secret_ref", secret))]
    lacking = [n for n, given in zip(lacking, (client, secret), strict=True) if not given]
    raise CredentialMissing(
        f"{connection_name} cannot be reached without {' and '.join(lacking)}; "
        "give both, or use_lighthouse for delegated access"
    )


def item_named(name: str) -> ItemName:
    """The item of that name; NoSuchItem says which there are."""
    try:
        return ItemName(name)
    except ValueError as error:
        raise NoSuchItem(f"no item {name[:40]!r}; there are {', '.join(ItemName)}") from error


def checklist(
    tenant: Tenant,
    connections: Sequence[Connection],
    recorded: Mapping[ItemName, Recorded],
    examined: Sequence[Examined],
) -> list[Item]:
    """Every item as it stands, in order."""
    read = {
        ItemName.APPROVAL: _item(
            ItemName.APPROVAL,
            todo=f"quarterdeck tenant record {tenant.id} approval done --evidence WHERE",
        ),
        ItemName.CREDENTIALS: _credentials(tenant, connections),
        ItemName.PURPOSE_AND_OWNER: _purpose(tenant),
        ItemName.VERIFICATION: _item(
            ItemName.VERIFICATION, todo=f"quarterdeck tenant verify {tenant.id}"
        ),
        **_from_preflight(connections, examined),
    }
    return [_stated(read[name], recorded.get(name)) for name in ItemName]


def warnings(items: Sequence[Item]) -> list[str]:
    """What is not done of what must be done before a tenant is added, in words."""
    return [
        f"{item.title}: {'failed' if item.state is State.FAILED else 'not recorded yet'}"
        + (f"; {item.todo.splitlines()[0]}" if item.todo else "")
        for item in items
        if item.state in (State.OPEN, State.FAILED) and item.name is not ItemName.VERIFICATION
    ]


def following(items: Sequence[Item]) -> Item | None:
    """What to do next: the first that failed, else the first that is open."""
    failed = (item for item in items if item.state is State.FAILED)
    opened = (item for item in items if item.state is State.OPEN)
    return next(failed, None) or next(opened, None)


def _item(name: ItemName, state: State = State.OPEN, **more: object) -> Item:
    return Item(name=name, title=TITLES[name], state=state, **more)  # type: ignore[arg-type]  # Item checks each


def _stated(item: Item, said: Recorded | None) -> Item:
    if said is None:
        return item
    return _item(
        item.name,
        said.state,
        by=said.by,
        at=said.at,
        evidence=said.evidence,
        todo=item.todo if said.state in (State.OPEN, State.FAILED) else "",
    )


def _credentials(tenant: Tenant, connections: Sequence[Connection]) -> Item:
    if not connections:
        return _item(ItemName.CREDENTIALS, todo="connect a directory to this tenant")
    told = {"by": PRODUCT, "at": max(c.created_at for c in connections)}
    if all(c.use_lighthouse for c in connections):
        words = "delegated access: the platform's own credential reaches it"
        return _item(ItemName.CREDENTIALS, State.NOT_NEEDED, evidence=words, **told)
    if all(c.use_lighthouse or (c.client and c.secret) for c in connections):
        words = f"{len(connections)} with a client id and a reference to the secret"
        return _item(ItemName.CREDENTIALS, State.DONE, evidence=words, **told)
    words = "a connection has no credential of its own; the platform's is used"
    return _item(ItemName.CREDENTIALS, evidence=words, todo=f"quarterdeck tenant show {tenant.id}")


def _purpose(tenant: Tenant) -> Item:
    why = tenant.purpose or tenant.description
    if why and tenant.owner:
        words = f"owner {tenant.owner}; {why}"[:MAX_EVIDENCE]
        return _item(ItemName.PURPOSE_AND_OWNER, State.DONE, by=PRODUCT, evidence=words)
    todo = f'quarterdeck tenant rename {tenant.id} "{tenant.name}" --owner WHO --purpose WHY'
    return _item(ItemName.PURPOSE_AND_OWNER, todo=todo)


def _from_preflight(
    connections: Sequence[Connection], examined: Sequence[Examined]
) -> dict[ItemName, Item]:
    delegated = bool(connections) and all(c.use_lighthouse for c in connections)
    arm = {need.name for need in (SUBSCRIPTIONS, *OF_SUBSCRIPTION)}
    graph = {need.name for need in OF_DIRECTORY}
    found = {
        ItemName.APP_REGISTRATION: _judged(ItemName.APP_REGISTRATION, examined, {TOKEN.name}),
        ItemName.CONSENT: _judged(ItemName.CONSENT, examined, graph),
        ItemName.ROLES: _judged(ItemName.ROLES, examined, arm),
    }
    if delegated:
        words = "delegated access needs no application in the directory"
        for name in (ItemName.APP_REGISTRATION, ItemName.CONSENT):
            found[name] = _item(name, State.NOT_NEEDED, by=PRODUCT, evidence=words)
    found[ItemName.PERMISSIONS] = _permissions(found[ItemName.CONSENT], examined)
    return found


def _judged(name: ItemName, examined: Sequence[Examined], checks: set[str]) -> Item:
    results = [r for one in examined for r in one.results if r.name in checks]
    verdict = overall(result.outcome for result in results)
    if verdict is Outcome.NOT_KNOWN:
        why = next((r.detail for r in results if r.outcome is Outcome.NOT_KNOWN), "")
        return _item(name, evidence=why, todo=_first_steps(name))
    at = min(one.at for one in examined)
    if verdict is Outcome.PASS:
        words = f"preflight: {len(results)} of {len(results)} checks passed"
        return _item(name, State.DONE, by=PRODUCT, at=at, evidence=words)
    failed = [result for result in results if result.outcome is Outcome.FAIL]
    return _item(
        name,
        State.FAILED,
        by=PRODUCT,
        at=at,
        evidence=f"missing: {', '.join(dict.fromkeys(map(_lacking, failed)))}",
        todo="\n".join(dict.fromkeys(r.grant for r in failed if r.grant)) or _first_steps(name),
    )


def _lacking(result: Result) -> str:
    return result.missing or result.detail


def _permissions(consent: Item, examined: Sequence[Examined]) -> Item:
    held = "; ".join(
        f"the application {r.detail}"
        for one in examined
        for r in one.results
        if r.name == DIRECTORY_ROLE.name and r.outcome is Outcome.PASS
    )
    if consent.state is State.DONE:
        words = "consent was granted, so somebody held it" + (f"; {held}" if held else "")
        return _item(ItemName.PERMISSIONS, State.DONE, by=PRODUCT, at=consent.at, evidence=words)
    if consent.state is State.NOT_NEEDED:
        words = "delegated access needs no consent in the directory"
        return _item(ItemName.PERMISSIONS, State.NOT_NEEDED, by=PRODUCT, evidence=words)
    return _item(ItemName.PERMISSIONS, evidence=held, todo=_first_steps(ItemName.PERMISSIONS))


def _first_steps(name: ItemName) -> str:
    return {
        ItemName.PERMISSIONS: "az rest --method GET --url "
        "https://graph.microsoft.com/v1.0/me/memberOf/microsoft.graph.directoryRole",
        ItemName.APP_REGISTRATION: "az ad app create --display-name Quarterdeck\n"
        "az ad sp create --id APPLICATION_ID",
        ItemName.CONSENT: "az ad app permission admin-consent --id APPLICATION_ID",
        ItemName.ROLES: "\n".join(
            f'az role assignment create --assignee APPLICATION_ID --role "{role}" '
            "--scope /subscriptions/SUBSCRIPTION"
            for role in ROLES
        ),
    }.get(
        name,
        f"az ad app permission list --id APPLICATION_ID --query \"[?resourceAppId=='{GRAPH}']\"",
    )
