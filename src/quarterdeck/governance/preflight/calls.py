"""The calls of preflight: each feature's own, on one connection, first page only."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

from quarterdeck.governance.cloud.ports import (
    AskStatus,
    Cloud,
    CloudCondition,
    CloudFailure,
    CloudStatus,
    CostBasis,
    Denied,
    FailureClass,
    OpenCloud,
    Page,
)
from quarterdeck.governance.connections.model import Connection
from quarterdeck.governance.identity.model.directory import role_held
from quarterdeck.governance.identity.model.reading import told
from quarterdeck.governance.identity.model.shape import Item, name_of, word
from quarterdeck.governance.preflight.model import (
    DIRECTORY_ROLE,
    OF_DIRECTORY,
    OF_SUBSCRIPTION,
    SUBSCRIPTIONS,
    TOKEN,
    Need,
    Outcome,
    Result,
    grant_of,
)

IDENTITY_HOST = "identity_host"

TRIED = 3
"""Subscriptions on which each call is tried; of more, the answer says how many there are."""

Ask = Callable[[], Iterator[Page]]


def examine(
    open_cloud: OpenCloud, connection: Connection, today: date
) -> tuple[list[Result], list[str]]:
    """Every check of a connection, and the subscriptions it sees."""
    try:
        cloud = open_cloud(connection)
        cloud.check()
    except CloudFailure as failure:
        refused = failure.kind is FailureClass.AUTHENTICATION
        outcome = Outcome.FAIL if refused else Outcome.NOT_KNOWN
        first = Result(name=TOKEN.name, outcome=outcome, detail=str(failure), lost=TOKEN.lost)
        others = (SUBSCRIPTIONS, *OF_SUBSCRIPTION, *OF_DIRECTORY, DIRECTORY_ROLE)
        return [first, *(_not_known(need, "no token to ask with") for need in others)], []
    token = Result(name=TOKEN.name, outcome=Outcome.PASS, detail=f"token for {_who(connection)}")
    seen, scopes = _subscriptions(cloud, connection)
    return [
        token,
        seen,
        *_of_subscriptions(cloud, connection, scopes, today),
        *(_asked(need, connection, [], [_of(cloud, need.name)]) for need in OF_DIRECTORY),
        _directory_role(cloud, connection),
    ], scopes


def cloud_itself(ask_status: AskStatus, ask_identity: AskStatus) -> list[Result]:
    """The cloud's status page, and the host that gives tokens; runbook 000, section 3.2."""
    asked = {
        "cloud_status": (ask_status, "whether a failure is the cloud's own"),
        IDENTITY_HOST: (ask_identity, "every token: nothing is read while it is away"),
    }
    return [_reached(name, ask(), lost) for name, (ask, lost) in asked.items()]


def _reached(name: str, said: CloudStatus, lost: str) -> Result:
    outcome = {
        CloudCondition.HEALTHY: Outcome.PASS,
        CloudCondition.DEGRADED: Outcome.FAIL,
        CloudCondition.NOT_KNOWN: Outcome.NOT_KNOWN,
    }[said.condition]
    words = "unreachable" if said.condition is CloudCondition.NOT_KNOWN else "reachable"
    if name == IDENTITY_HOST and outcome is Outcome.NOT_KNOWN:
        outcome = Outcome.FAIL  # its only question is whether it answers
    return Result(name=name, outcome=outcome, detail=f"{words}: {said.detail}", lost=lost)


def _subscriptions(cloud: Cloud, connection: Connection) -> tuple[Result, list[str]]:
    try:
        found = [one.id for one in cloud.subscriptions()]
    except CloudFailure as failure:
        return _failed(SUBSCRIPTIONS, connection, [], failure), []
    if not found:
        lacking = Denied("the cloud shows no subscription", missing=SUBSCRIPTIONS.role)
        return _failed(SUBSCRIPTIONS, connection, [], lacking), []
    detail = f"{len(found)} seen"
    return Result(name=SUBSCRIPTIONS.name, outcome=Outcome.PASS, detail=detail), found


def _of_subscriptions(
    cloud: Cloud, connection: Connection, scopes: Sequence[str], today: date
) -> list[Result]:
    if not scopes:
        return [
            _not_known(need, "no subscription is seen to ask about") for need in OF_SUBSCRIPTION
        ]
    found = []
    for need in OF_SUBSCRIPTION:
        asks = [_of(cloud, need.name, scope, today) for scope in scopes[:TRIED]]
        found.append(_asked(need, connection, scopes, asks))
    return found


def _asked(
    need: Need, connection: Connection, scopes: Sequence[str], asks: Sequence[Ask]
) -> Result:
    refusals: list[tuple[int, Denied]] = []
    for number, ask in enumerate(asks):
        try:
            next(ask(), None)
        except Denied as denied:
            refusals.append((number, denied))
        except CloudFailure as failure:
            return _failed(need, connection, scopes, failure)
    if refusals:
        where = [scopes[number] for number, _ in refusals] if scopes else []
        return _failed(need, connection, where, refusals[0][1])
    told = f"answered for {len(asks)} of {len(scopes)} subscriptions" if scopes else "answered"
    return Result(name=need.name, outcome=Outcome.PASS, detail=told)


def _failed(
    need: Need, connection: Connection, scopes: Sequence[str], failure: CloudFailure
) -> Result:
    if not isinstance(failure, Denied):
        return _not_known(need, f"{failure.kind}: {failure}")
    # A licence cannot be granted by a command, nor is it the role's or permission's fault.
    licence = "licen" in failure.missing.casefold() or " P1" in failure.missing
    return Result(
        name=need.name,
        outcome=Outcome.FAIL,
        detail=str(failure),
        missing=failure.missing if licence else need.missing,
        lost=need.lost,
        grant="" if licence else grant_of(need, connection.client, scopes),
    )


def _not_known(need: Need, why: str) -> Result:
    return Result(name=need.name, outcome=Outcome.NOT_KNOWN, detail=why, lost=need.lost)


def _directory_role(cloud: Cloud, connection: Connection) -> Result:
    try:
        mine = _principal(cloud, connection.client)
        held, unread = ([], 0) if mine is None else _held(cloud, mine)
    except Denied as denied:
        return _not_known(DIRECTORY_ROLE, f"{denied}; needs {denied.missing}")
    except CloudFailure as failure:
        return _failed(DIRECTORY_ROLE, connection, [], failure)
    if mine is None:
        return _not_known(DIRECTORY_ROLE, "the application has no service principal here")
    words = ", ".join(held) if held else "no directory role; reading needs none"
    words += f"; {unread} roles or assignments cannot be read" if unread else ""
    return Result(name=DIRECTORY_ROLE.name, outcome=Outcome.PASS, detail=f"holds {words}")


def _principal(cloud: Cloud, client: str) -> str | None:
    for page in cloud.service_principals():
        for _, (application, principal) in told(
            [("", item) for item in page.items], _of_application
        ).found:
            if client and application == client:
                return principal
    return None


def _of_application(item: Item) -> tuple[str, str]:
    return word(item, "appId"), name_of(item)


def _held(cloud: Cloud, principal: str) -> tuple[list[str], int]:
    """The roles of a principal, and how many items cannot be read."""
    read = told([("", i) for page in cloud.directory_roles() for i in page.items], role_held)
    names = {one.name for _, held in read.found for one in held if one.principal == principal}
    return sorted(names), len(read.unread)


def _of(cloud: Cloud, name: str, scope: str = "", today: date = date.min) -> Ask:
    calls: dict[str, Ask] = {
        "resources": lambda: cloud.resources(scope),
        "role_assignments": lambda: cloud.role_assignments(scope),
        "policy_states": lambda: cloud.policy_states(scope),
        "advice": lambda: cloud.advice(scope),
        "costs": lambda: cloud.costs(
            scope, today - timedelta(days=2), today - timedelta(days=1), CostBasis.ACTUAL, ()
        ),
        "budgets": lambda: cloud.budgets(scope),
        "secure_scores": lambda: cloud.secure_scores(scope),
        "users": cloud.users,
        "groups": cloud.groups,
        "directory_roles": cloud.directory_roles,
        "registrations": cloud.registrations,
        "conditional_access": cloud.conditional_access,
        "applications": cloud.applications,
    }
    return calls[name]


def _who(connection: Connection) -> str:
    return connection.client or "the platform's own application"
