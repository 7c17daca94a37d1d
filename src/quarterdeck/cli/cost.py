"""quarterdeck cost: what the estate costs, and how well that is known."""

from pathlib import Path
from typing import Annotated, Any

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import (
    FOUND,
    WRONG_USE,
    say,
    show_json,
    show_lines,
    show_table,
    stop,
    tell,
)

URL = "/api/v1/costs"
FORMS = {
    "csv": "",
    "ndjson": "",
    "json": "",
    "focus.csv": ".focus.csv",
    "parquet": ".focus.parquet",
}

commands = typer.Typer(
    add_completion=False,
    help="What the estate costs.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Tenant = Annotated[
    list[str] | None, typer.Option(help="Only this tenant or directory; repeat for more.")
]
Start = Annotated[
    str | None, typer.Option(metavar="DAY", help="In it; default: the month's first.")
]
End = Annotated[str | None, typer.Option(metavar="DAY", help="In it; default: today, UTC.")]
Basis = Annotated[str, typer.Option(help="actual or amortized.")]
By = Annotated[
    str | None,
    typer.Option(help="tenant, subscription, service, group, day, month or tag:NAME."),
]
AsOf = Annotated[str | None, typer.Option(metavar="DAY", help="As it was known on this day.")]


@commands.command()
def summary(
    context: typer.Context,
    *,
    tenant: Tenant = None,
    start: Start = None,
    end: End = None,
    by: By = "service",
    basis: Basis = "actual",
    as_of: AsOf = None,
    as_json: flags.AsJson = False,
) -> None:
    """Show totals and their parts; ends with 1 where they are stale, or differ from the cloud's."""
    asked = _asked(tenant, start, end, by, basis, as_of)
    with told():
        found = client_of(context).get(f"{URL}/summary", **asked)
    if as_json:
        show_json(found)
    else:
        _show(found)
    if found["freshness"]["state"] == "stale" or found["control"]["state"] == "differs":
        raise typer.Exit(FOUND)


@commands.command()
def daily(
    context: typer.Context,
    *,
    tenant: Tenant = None,
    start: Start = None,
    end: End = None,
    by: By = None,
    basis: Basis = "actual",
    as_of: AsOf = None,
    as_json: flags.AsJson = False,
) -> None:
    """Show sums by day; a day that nothing is known of is left out."""
    asked = _asked(tenant, start, end, by, basis, as_of)
    with told():
        found = client_of(context).get(f"{URL}/daily", **asked)["days"]
    if as_json:
        show_json(found)
        return
    rows = [(p["date"], p["key"], p["amount"], p["currency"]) for p in found]
    show_table(("day", by or "", "amount", "currency"), rows, EMPTY)


@commands.command("list")
def list_costs(
    context: typer.Context,
    *,
    tenant: Tenant = None,
    start: Start = None,
    end: End = None,
    basis: Basis = "actual",
    as_of: AsOf = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="Charges to show.")] = 50,
    as_json: flags.AsJson = False,
    as_lines: flags.AsLines = False,
) -> None:
    """Show charges of each day, subscription, service and resource group."""
    asked = _asked(tenant, start, end, None, basis, as_of)
    with told():
        client = client_of(context)
        if as_lines:
            show_lines(client.lines(URL, **asked))
            return
        found = client.get(URL, **asked, limit=limit)["costs"]
    if as_json:
        show_json(found)
        return
    names = ("date", "tenant", "subscription", "service", "resource_group", "amount", "currency")
    show_table(names, [[row[name] for name in names] for row in found], EMPTY)


@commands.command()
def controls(
    context: typer.Context,
    *,
    tenant: Tenant = None,
    start: Start = None,
    end: End = None,
    basis: Basis = "actual",
    as_json: flags.AsJson = False,
) -> None:
    """Show sums beside the cloud's own totals; ends with 1 where they differ."""
    asked = _asked(tenant, start, end, None, basis, None)
    with told():
        found = client_of(context).get(f"{URL}/controls", **asked)["controls"]
    if as_json:
        show_json(found)
    else:
        names = ("start_date", "tenant", "subscription", "currency", "stated", "summed", "verdict")
        show_table(names, [[row[name] for name in names] for row in found], EMPTY)
    if any(row["verdict"] == "differs" for row in found):
        raise typer.Exit(FOUND)


@commands.command()
def budgets(
    context: typer.Context, *, tenant: Tenant = None, as_json: flags.AsJson = False
) -> None:
    """Show the cloud's own budgets; ends with 1 where one is spent, or not known."""
    with told():
        named = ",".join(tenant) if tenant else None
        found = client_of(context).get(f"{URL}/budgets", tenant_ids=named)["budgets"]
    if as_json:
        show_json(found)
    else:
        columns = ("state", "tenant", "subscription", "budget", "spent", "of", "%", "each")
        show_table(columns, [_budget(row) for row in found], "the cloud keeps no budget here")
    if any(row["state"] in {"over", "not_known"} for row in found):
        raise typer.Exit(FOUND)


@commands.command()
def export(
    context: typer.Context,
    *,
    to: Annotated[Path, typer.Option("--to", help="The file to write.")] = Path("costs-export.csv"),
    form: Annotated[str, typer.Option("--format", help=", ".join(FORMS))] = "csv",
    tenant: Tenant = None,
    start: Start = None,
    end: End = None,
    basis: Basis = "actual",
    as_of: AsOf = None,
    as_json: flags.AsJson = False,
) -> None:
    """Write charges to a file; focus.csv and parquet are FOCUS 1.2, with both bases."""
    if form not in FORMS:
        stop(f"no format {form}; there are {', '.join(FORMS)}", WRONG_USE)
    asked = _asked(tenant, start, end, None, basis, as_of)
    if not FORMS[form]:
        asked["format"] = form
    with told():
        size = client_of(context).save(f"/api/v1/exports/costs{FORMS[form]}", to, **asked)
    tell(f"{size:,} bytes in {to}", {"file": str(to), "size_bytes": size}, as_json=as_json)


@commands.command("import")
def bring_in(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="FOCUS, as CSV.")],
    *,
    tenant: Annotated[str, typer.Option(help="The tenant that was charged.")],
    as_json: flags.AsJson = False,
) -> None:
    """Bring in a file in FOCUS; bringing it in again changes nothing."""
    with told():
        found = client_of(context).send(
            f"{URL}/imports", file.read_bytes(), "text/csv", tenant=tenant
        )
    words = f"{found['rows']} rows: +{found['added']} ~{found['restated']} -{found['lost']} entries"
    if found["columns_kept"]:
        words += f"; kept but not read: {', '.join(found['columns_kept'])}"
    tell(words, found, as_json=as_json)


EMPTY = "no costs are as asked; bring them in with: quarterdeck sync run costs"


def _asked(
    tenant: list[str] | None,
    start: str | None,
    end: str | None,
    by: str | None,
    basis: str,
    as_of: str | None,
) -> dict[str, Any]:
    return {
        "tenant_ids": ",".join(tenant) if tenant else None,
        "start_date": start,
        "end_date": end,
        "group_by": by,
        "basis": basis,
        "as_of": as_of,
    }


def _budget(row: dict[str, Any]) -> tuple[object, ...]:
    spent = row["spent"]
    return (
        row["state"],
        row["tenant"],
        row["subscription"],
        row["name"],
        f"{spent['amount']} {spent['currency']}" if spent else "not known",
        row["amount"] or "not known",
        "" if row["percent"] is None else row["percent"],
        row["time_grain"],
    )


def _show(found: dict[str, Any]) -> None:
    total = ", ".join(f"{t['amount']} {t['currency']}" for t in found["totals"]) or "nothing known"
    covered, fresh, control = found["coverage"], found["freshness"], found["control"]
    say(f"{found['start_date']} to {found['end_date']}, {found['basis']}: {total}")
    say(
        f"{covered['subscriptions_known']} of {covered['subscriptions']} subscriptions known, "
        f"{fresh['state']}; control totals: {control['agrees']} agree, {control['differs']} "
        f"differ, {control['not_known']} not known"
    )
    for silent in covered["not_known"]:
        say(f"not known: {silent['name']} of {silent['tenant']}: {silent['reason']}")
    if fresh["action"]:
        say(f"to renew it: quarterdeck sync run costs ({fresh['action']})")
    rows = [(g["key"], g["amount"], g["currency"]) for g in found["groups"]]
    show_table((found["group_by"], "amount", "currency"), rows, EMPTY)
