"""quarterdeck slo: what was promised of services, and what of each error budget is spent."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import FOUND, WRONG_USE, say, show_json, show_table, stop, tell
from quarterdeck.kernel.clock import utc_now
from quarterdeck.operations.slos.model.figures import minutes, percent

SLOS, OBJECTS = "/api/v1/slos", "/api/v1/slo-objects"

commands = typer.Typer(
    add_completion=False,
    help="What was promised of services, and what of each error budget is spent.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Tenant = Annotated[str, typer.Option(help="Whose; default: the platform's.")]
Name = Annotated[str, typer.Argument(metavar="SLO", help="Its name.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="OpenSLO v1, YAML; -: standard input.")]
Objective = Annotated[str, typer.Option(help="Its place among those of the SLO.")]


@commands.command("list")
def show_all(
    context: typer.Context,
    *,
    tenant: Annotated[str | None, typer.Option(help="Only of this tenant.")] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Show SLOs with what is left of each budget. Exits 1 if one burns or is exhausted."""
    with told():
        found = client_of(context).get(SLOS, tenant=tenant)["slos"]
    if as_json:
        show_json(found)
    else:
        rows = [_row(slo, one) for slo in found for one in slo["objectives"] or [None]]
        columns = ("tenant", "slo", "objective", "verdict", "attained", "left", "of", "demands")
        show_table(columns, rows, "no SLO is set: quarterdeck slo apply FILE")
    if any(slo["verdict"] in ("burning", "exhausted") for slo in found):
        raise typer.Exit(FOUND)


@commands.command()
def show(
    context: typer.Context,
    name: Name,
    *,
    tenant: Tenant = "_platform",
    yaml: Annotated[bool, typer.Option("--yaml", help="As OpenSLO writes it.")] = False,
    as_json: flags.AsJson = False,
) -> None:
    """Show one SLO: its budgets, its burn rates, what the policy demands."""
    with told():
        if yaml:
            text = client_of(context).get(f"{OBJECTS}/{tenant}", slo=name)["text"]
            typer.echo(text, nl=False)
            return
        found = client_of(context).get(f"{SLOS}/{tenant}/{name}")
    if as_json:
        show_json(found)
        return
    say(f"{found['title']}: {found['verdict']}, {found['budgeting']} over {found['window']}")
    for one in found["objectives"]:
        say(_words(one))
    rows = [_burn(one, burn) for one in found["objectives"] for burn in one["burns"]]
    columns = ("objective", "windows", "severity", "rate", "long", "short", "state")
    show_table(columns, rows, "it was not judged yet")


@commands.command()
def apply(
    context: typer.Context,
    file: File,
    *,
    tenant: Tenant = "_platform",
    as_json: flags.AsJson = False,
) -> None:
    """Have SLOs, and what they refer to, hold from now on."""
    with told():
        done = client_of(context).put(f"{OBJECTS}/{tenant}", {"text": _text(file)})
    for note in done["notes"]:
        say(note)
    changed = ", ".join(f"{one['kind']} {one['name']}" for one in done["changed"])
    tell(f"applied {changed}" if changed else "nothing is new in it", done, as_json=as_json)


@commands.command()
def preview(
    context: typer.Context,
    file: File,
    *,
    tenant: Tenant = "_platform",
    as_json: flags.AsJson = False,
) -> None:
    """Read a file as apply would: budgets, burn rates, least traffic. Nothing changes."""
    with told():
        found = client_of(context).post(f"{OBJECTS}/{tenant}/preview", {"text": _text(file)})
    if as_json:
        show_json(found)
        return
    for note in found["notes"]:
        say(note)
    rows = [
        (one["slo"], one["title"], minutes(one["budget_minutes"]), one["source"], *_rule(rule))
        for one in found["objectives"]
        for rule in one["rules"]
    ]
    columns = ("slo", "objective", "budget", "source", "windows", "rate", "least events")
    show_table(columns, rows, "there is no SLO in it")


@commands.command()
def delete(
    context: typer.Context,
    name: Name,
    *,
    tenant: Tenant = "_platform",
    kind: Annotated[str, typer.Option(help="SLO, SLI, DataSource, AlertPolicy, ...")] = "SLO",
    yes: flags.Yes = False,
    as_json: flags.AsJson = False,
) -> None:
    """Remove an SLO, with what was counted and what it demanded; or an object of another kind."""
    if not yes:
        what = f"{kind} {name}" + (" and all that was counted of it" if kind == "SLO" else "")
        typer.confirm(f"Remove {what}?", abort=True, err=True)
    with told():
        client_of(context).delete(f"{OBJECTS}/{tenant}/{kind}/{name}")
    tell(f"{kind} {name} is removed", {"kind": kind, "name": name}, as_json=as_json)


@commands.command()
def history(
    context: typer.Context,
    name: Name,
    *,
    tenant: Tenant = "_platform",
    objective: Objective = "1",
    as_json: flags.AsJson = False,
) -> None:
    """Show how the budget of the current window was spent."""
    with told():
        path = f"{SLOS}/{tenant}/{name}/history"
        found = client_of(context).get(path, objective=objective)["points"]
    if as_json:
        show_json(found)
        return
    rows = [(one["at"], percent(one["left_share"])) for one in found]
    show_table(("at", "left"), rows, "it was not judged yet")


@commands.command()
def report(
    context: typer.Context,
    *,
    month: Annotated[str, typer.Option(help="YYYY-MM, UTC; default: the last whole one.")] = "",
    since: Annotated[str, typer.Option("--from", help="Instead of a month: RFC 3339.")] = "",
    until: Annotated[str, typer.Option("--to", help="RFC 3339; not included.")] = "",
    tenant: Annotated[str | None, typer.Option(help="Only of this tenant.")] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Print the SLA report: what was attained of each objective over a period. Exits 1 if one
    was missed.
    """
    start, end = (since, until) if since or until else _month(month)
    with told():
        asked = {"from": start, "to": end, "tenant": tenant}
        found = client_of(context).get("/api/v1/slo-report", **asked)
    if as_json:
        show_json(found)
    else:
        say(f"from {found['from']} to {found['to']}")
        columns = ("tenant", "service", "slo", "target", "attained", "met", "lost", "of", "known")
        rows = [_attained(one) for one in found["rows"]]
        show_table(columns, rows, "no SLO is set: quarterdeck slo apply FILE")
    if any(one["met"] is False for one in found["rows"]):
        raise typer.Exit(FOUND)


@commands.command()
def rules(
    context: typer.Context, *, tenant: Tenant = "_platform", as_json: flags.AsJson = False
) -> None:
    """Print rules of Prometheus that judge the SLOs: what is lost, and burn-rate alerts."""
    with told():
        found = client_of(context).get(f"/api/v1/slo-rules/{tenant}")
    if as_json:
        show_json(found)
        return
    for note in found["notes"]:
        say(note)
    typer.echo(found["text"], nl=False)


def _month(words: str) -> tuple[str, str]:
    """From the first instant of a month to that of the next."""
    try:
        first = datetime.strptime(words, "%Y-%m").replace(tzinfo=UTC) if words else None
    except ValueError:
        stop(f"--month {words[:20]}: expected YYYY-MM", WRONG_USE)
    this = utc_now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    first = first or (this - timedelta(days=1)).replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return first.isoformat(), following.isoformat()


def _attained(one: dict[str, Any]) -> tuple[object, ...]:
    met = {True: "yes", False: "no", None: "not known"}[one["met"]]
    return (
        *(one["tenant"], one["service"], one["slo"]),
        percent(float(one["target"])),
        percent(one["attained"]),
        met,
        minutes(one["lost_minutes"]),
        minutes(one["allowed_minutes"]),
        percent(one["coverage"]),
    )


def _text(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        stop(f"{file} cannot be read: {error}", WRONG_USE)


def _row(slo: dict[str, Any], one: dict[str, Any] | None) -> tuple[object, ...]:
    if one is None:
        return (slo["tenant"], slo["slo"], "", slo["verdict"], "", "", "", "")
    return (
        slo["tenant"],
        slo["slo"],
        one["title"],
        one["verdict"],
        percent(one["attained"]),
        minutes(one["left_minutes"]),
        minutes(one["budget_minutes"]),
        ", ".join(_in_force(slo, one)),
    )


def _in_force(slo: dict[str, Any], one: dict[str, Any]) -> list[str]:
    """What the policy demands now, and what it goes on to: a silent source ends nothing."""
    sign = "demand:"
    of = [each["what"] for each in slo["holding"] if each["objective"] == one["objective"]]
    held = [what.removeprefix(sign) for what in of if what.startswith(sign)]
    return list(dict.fromkeys((*held, *one["demands"])))


def _burn(one: dict[str, Any], burn: dict[str, Any]) -> tuple[object, ...]:
    rates = [burn["rate"], burn["long_rate"], burn["short_rate"]]
    shown = ["" if rate is None else f"{rate:.3g}" for rate in rates]
    return (one["title"], burn["name"], burn["severity"], *shown, burn["state"])


def _rule(rule: dict[str, Any]) -> tuple[object, ...]:
    return (rule["name"], f"{rule['rate']:g}", rule["least"])


def _words(one: dict[str, Any]) -> str:
    words = (
        f"{one['title']}: {one['verdict']}; {minutes(one['left_minutes'])} left of "
        f"{minutes(one['budget_minutes'])}, {percent(one['coverage'])} of the time is known"
    )
    return f"{words} ({one['reason']})" if one["reason"] else words
