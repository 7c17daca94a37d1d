"""quarterdeck compliance: how the estate stands by the cloud's own checks."""

from typing import Annotated, Any

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import DONE, FOUND, say, show_json, show_lines, show_table

URL = "/api/v1/compliance"
EMPTY = "nothing is known yet; bring it in with: quarterdeck sync run compliance"

commands = typer.Typer(
    add_completion=False,
    help="Policies, secure score and advice.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

OfTenant = Annotated[
    list[str] | None,
    typer.Option("--tenant", help="Only this tenant or directory; repeat for more."),
]
OfState = Annotated[
    str | None, typer.Option(help="compliant, non_compliant, not_known, exempt, not_applicable.")
]
Limit = Annotated[int, typer.Option(min=1, max=500, help="Rows to show.")]


Framework = Annotated[
    str, typer.Option(help="Assignment or policy set, by name or id; all if left out.")
]


@commands.command()
def summary(
    context: typer.Context, *, tenant: OfTenant = None, as_json: flags.AsJson = False
) -> None:
    """Show scores, counts and coverage by tenant. Exits 1 if anything is non-compliant."""
    with told():
        found = client_of(context).get(f"{URL}/summary", tenant_ids=_joined(tenant))
    if as_json:
        show_json(found)
    else:
        show_table(
            ("tenant", "score", "non-compliant", "not known", "secure score", "heard", "read"),
            [_standing(row) for row in found["tenants"]],
            EMPTY,
        )
        for silent in found["coverage"]["silent"]:
            say(f"{silent['tenant']} {silent['name']}: not known: {silent['reason']}")
    raise typer.Exit(FOUND if found["counts"]["non_compliant"] else DONE)


@commands.command()
def states(
    context: typer.Context,
    *,
    tenant: OfTenant = None,
    state: OfState = None,
    policy: Annotated[str | None, typer.Option(help="Name, display name or id.")] = None,
    assignment: Annotated[str | None, typer.Option(help="Assignment or set: name or id.")] = None,
    group: Annotated[str | None, typer.Option(help="Resource group.")] = None,
    limit: Limit = 50,
    as_json: flags.AsJson = False,
    as_lines: flags.AsLines = False,
) -> None:
    """Show what each policy says of each resource."""
    asked = {
        "tenant_ids": _joined(tenant),
        "state": state,
        "policy": policy,
        "assignment": assignment,
        "resource_group": group,
    }
    with told():
        client = client_of(context)
        if as_lines:
            show_lines(client.lines(f"{URL}/states", **asked))
            return
        found = client.get(f"{URL}/states", **asked, limit=limit)
    if as_json:
        show_json(found["states"])
        return
    rows = [
        (
            s["state"],
            s["policy_title"] or s["policy_name"],
            s["assignment_title"] or s["assignment_name"],
            s["resource"],
            s["since"],
        )
        for s in found["states"]
    ]
    show_table(("state", "policy", "assignment", "resource", "since"), rows, EMPTY)
    if found["counts"]["total"] > len(rows):
        say(f"{len(rows)} of {found['counts']['total']}; narrow it down, or raise --limit")


@commands.command()
def group(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="GROUP", help="Resource group, in any case.")],
    *,
    tenant: OfTenant = None,
    as_json: flags.AsJson = False,
) -> None:
    """Show how a resource group stands, by policy."""
    with told():
        found = client_of(context).get(f"{URL}/groups/{name}/summary", tenant_ids=_joined(tenant))
    if as_json:
        show_json(found)
        return
    rows = [
        (one["subscription"], *_called(p), *_verdicts(p["counts"]))
        for one in found
        for p in one["policies"]
    ]
    columns = ("subscription", "assignment", "policy", "compliant", "non-compliant", "not known")
    show_table(columns, rows, f"no policy says anything of a resource group {name}")


@commands.command()
def drift(
    context: typer.Context,
    *,
    tenant: OfTenant = None,
    limit: Limit = 50,
    as_json: flags.AsJson = False,
) -> None:
    """Show what turned from compliant to non-compliant. Exits 1 if anything did."""
    with told():
        found = client_of(context).get(f"{URL}/drift", tenant_ids=_joined(tenant), limit=limit)[
            "drift"
        ]
    if as_json:
        show_json(found)
    else:
        rows = [
            (d["since"], d["policy_title"] or d["policy_name"], d["resource"], d["tenant"])
            for d in found
        ]
        show_table(("since", "policy", "resource", "tenant"), rows, "nothing drifted")
    raise typer.Exit(FOUND if found else DONE)


@commands.command()
def trend(
    context: typer.Context, *, tenant: OfTenant = None, as_json: flags.AsJson = False
) -> None:
    """Show how each of the last 30 days ended; a day on which nothing was read is empty."""
    with told():
        found = client_of(context).get(f"{URL}/trend", tenant_ids=_joined(tenant))["days"]
    if as_json:
        show_json(found)
        return
    rows = [(d["day"], d["score_percent"], d["secure_score_percent"]) for d in found]
    show_table(("day", "score %", "secure score %"), rows, EMPTY)


@commands.command()
def advice(
    context: typer.Context,
    *,
    tenant: OfTenant = None,
    category: Annotated[str | None, typer.Option(help="As Advisor names it.")] = None,
    limit: Limit = 50,
    as_json: flags.AsJson = False,
) -> None:
    """Show the cloud's own recommendations, those of high impact first."""
    with told():
        found = client_of(context).get(
            f"{URL}/advice", tenant_ids=_joined(tenant), category=category, limit=limit
        )["advice"]
    if as_json:
        show_json(found)
        return
    rows = [(a["impact"], a["category"], a["problem"], a["concerned"], a["tenant"]) for a in found]
    show_table(("impact", "category", "problem", "about", "tenant"), rows, "no advice is given")


@commands.command()
def check(
    context: typer.Context,
    tenant: Annotated[str, typer.Argument(metavar="TENANT")],
    *,
    framework: Framework = "",
    as_json: flags.AsJson = False,
) -> None:
    """Hold a tenant against a framework, and keep the result. Exits 1 unless it passes."""
    with told():
        body = {"tenant": tenant, "framework": framework}
        made = client_of(context).post(f"{URL}/checks", body)
    if as_json:
        show_json(made)
    else:
        say(f"{made['result']}: {made['reason']} (check {made['id']})")
        rows = [(f["result"], *_called(f), *_verdicts(f["counts"])) for f in made["findings"]]
        columns = ("result", "assignment", "policy", "compliant", "non-compliant", "not known")
        show_table(columns, rows, EMPTY)
    raise typer.Exit(DONE if made["result"] == "pass" else FOUND)


@commands.command()
def scan(
    context: typer.Context,
    tenant: Annotated[str, typer.Argument(metavar="TENANT")],
    *,
    framework: Framework = "",
    as_json: flags.AsJson = False,
) -> None:
    """Name what stands against policy, and what does no longer. Exits 1 unless it passes.

    By what was last read: quarterdeck sync run compliance reads anew.
    """
    with told():
        body = {"tenant": tenant, "framework": framework}
        found = client_of(context).post(f"{URL}/scan", body)
    if as_json:
        show_json(found)
    else:
        made = found["check"]
        say(f"{made['result']}: {made['reason']}, as of {made['as_of'] or 'never'}")
        rows = [("violation", *_broken(one)) for one in found["violations"]]
        rows += [("resolved", *_broken(one)) for one in found["resolved"]]
        columns = ("what", "policy", "resource", "state", "since")
        show_table(columns, rows, "nothing stands against policy")
    raise typer.Exit(DONE if found["check"]["result"] == "pass" else FOUND)


def _broken(one: dict[str, Any]) -> tuple[str, str, str, str]:
    state = "gone" if one["closed_at"] else one["state"]
    return one["policy_title"] or one["policy"], one["resource"], state, one["since"]


@commands.command()
def checks(
    context: typer.Context,
    *,
    tenant: OfTenant = None,
    limit: Limit = 50,
    as_json: flags.AsJson = False,
) -> None:
    """Show checks that were kept, newest first."""
    with told():
        found = client_of(context).get(f"{URL}/checks", tenant_ids=_joined(tenant), limit=limit)[
            "checks"
        ]
    if as_json:
        show_json(found)
        return
    rows = [(c["at"], c["result"], c["tenant"], c["framework"], c["reason"]) for c in found]
    empty = "no check was made yet; make one with: quarterdeck compliance check TENANT"
    show_table(("at", "result", "tenant", "framework", "reason"), rows, empty)


def _joined(tenants: list[str] | None) -> str | None:
    return ",".join(tenants) if tenants else None


def _called(found: dict[str, Any]) -> tuple[str, str]:
    assignment = found["assignment_title"] or found["assignment"]
    return assignment, found["policy_title"] or found["policy"]


def _verdicts(counts: dict[str, Any]) -> tuple[int, int, int]:
    return counts["compliant"], counts["non_compliant"], counts["not_known"]


def _standing(row: dict[str, Any]) -> tuple[object, ...]:
    coverage, fresh = row["coverage"], row["freshness"]
    return (
        row["tenant"],
        _percent(row["score_percent"]),
        row["counts"]["non_compliant"],
        row["counts"]["not_known"],
        _percent(row["secure_score"]["percent"]),
        f"{coverage['subscriptions_heard']} of {coverage['subscriptions']}{_unread(coverage)}",
        f"{fresh['state']} {fresh['last_updated'] or ''}".strip(),
    )


def _unread(coverage: dict[str, Any]) -> str:
    unread = coverage["items_unreadable"]
    return f", {unread} of {coverage['items']} items unreadable" if unread else ""


def _percent(value: float | None) -> str:
    return "not known" if value is None else f"{value} %"
