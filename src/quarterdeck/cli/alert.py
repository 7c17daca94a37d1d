"""quarterdeck alert: what wants somebody."""

from typing import Annotated, Any

import typer

from quarterdeck.cli import alert_routing, alert_rule, alert_silence, flags
from quarterdeck.cli.alert_routing import pairs_of
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import FOUND, WRONG_USE, show_json, show_table, stop, tell

ALERTS = "/api/v1/alerts"

commands = typer.Typer(
    add_completion=False,
    help="What wants somebody: see alerts, acknowledge, resolve, silence and route them.",
    rich_markup_mode=None,
    no_args_is_help=True,
)
commands.add_typer(alert_silence.commands, name="silence")
commands.add_typer(alert_routing.commands, name="routing")
commands.add_typer(alert_rule.commands, name="rule")
commands.command("route")(alert_routing.route)

OfType = Annotated[
    str | None,
    typer.Option("--type", help="Only of this type: sync_failure, or an alertname."),
]
Label = Annotated[
    list[str] | None, typer.Option(metavar="NAME=VALUE", help="Only with this label; repeat it.")
]
Alert = Annotated[
    int | None, typer.Argument(metavar="[ALERT]", help="Its number, as alert list shows it.")
]
By = Annotated[str, typer.Option(help="Who does it; else you.")]


@commands.command("list")
def show(
    context: typer.Context,
    *,
    of_type: OfType = None,
    tenant: Annotated[str | None, typer.Option(help="Only of this tenant.")] = None,
    state: Annotated[
        str | None, typer.Option(help="firing, acknowledged or resolved; else what fires.")
    ] = None,
    severity: Annotated[str | None, typer.Option(help="critical, warning or info.")] = None,
    label: Label = None,
    as_json: flags.AsJson = False,
) -> None:
    """Show alerts that fire, newest first. Exits 1 if any does."""
    asked = {"type": of_type, "tenant": tenant, "state": state, "severity": severity}
    with told():
        found = client_of(context).rows(ALERTS, "alerts", **asked, label=label, limit=500)
    if as_json:
        show_json(found)
    else:
        columns = ("alert", "severity", "tenant", "title", "since", "seen", "state", "what to do")
        show_table(columns, [_row(alert) for alert in found], "no alert fires")
    if any(alert["state"] != "resolved" for alert in found):
        raise typer.Exit(FOUND)


@commands.command()
def noise(
    context: typer.Context,
    *,
    tenant: Annotated[str | None, typer.Option(help="Only of this tenant.")] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="How far to look back.")] = 30,
    as_json: flags.AsJson = False,
) -> None:
    """Show which alerts end by themselves with nobody on them: what wakes people for nothing."""
    with told():
        found = client_of(context).get(f"{ALERTS}/noise", tenant=tenant, days=days)
    if as_json:
        show_json(found)
        return
    names = ("type", "fired", "acknowledged", "by_itself", "short", "untouched")
    rows = [(*(one[name] for name in names), f"{one['share']:.0%}") for one in found["types"]]
    columns = ("type", "fired", "acknowledged", "by itself", "within 5 min", "for nothing", "share")
    show_table(columns, rows, f"no alert fired in {days} days")


@commands.command("show")
def show_one(
    context: typer.Context,
    alert: Annotated[int, typer.Argument(metavar="ALERT")],
    *,
    as_json: flags.AsJson = False,
) -> None:
    """Show one alert: what, since when, who hears of it, how it ended before."""
    with told():
        found = client_of(context).get(f"{ALERTS}/{alert}")
    if as_json:
        show_json(found)
        return
    one, muted = found["alert"], found["muted"]
    rows = [
        *((name, one[name]) for name in ("title", "severity", "state", "tenant", "starts_at")),
        ("runbook", one["runbook"]),
        ("goes to", ", ".join(found["receivers"]) or "nobody"),
        ("muted by", ", ".join([*muted["silences"], *muted["inhibitors"]])),
        *((f"label {name}", value) for name, value in one["labels"].items()),
        *((f"note {name}", value) for name, value in one["annotations"].items()),
        *((c["at"], f"changed: {c['kind']} {c['title']}") for c in found["changed"]),
        *((change["at"], _change(change)) for change in found["history"]),
        *(("before", f"#{s['id']} ended {s['ends_at']}") for s in found["similar"]),
    ]
    show_table(("what", "is"), rows, "")


@commands.command()
def ack(
    context: typer.Context,
    alert: Alert = None,
    *,
    of_type: OfType = None,
    label: Label = None,
    by: By = "",
    as_json: flags.AsJson = False,
) -> None:
    """Look after an alert, or all of a type or label: quiet until it ends, then armed again."""
    _handle(context, "acknowledge", _meant(alert, of_type, label, by), as_json=as_json)


@commands.command()
def unack(
    context: typer.Context,
    alert: Alert = None,
    *,
    of_type: OfType = None,
    label: Label = None,
    as_json: flags.AsJson = False,
) -> None:
    """Take an acknowledgement back: the alert wants somebody again."""
    _handle(context, "unacknowledge", _meant(alert, of_type, label, ""), as_json=as_json)


@commands.command()
def resolve(
    context: typer.Context,
    alert: Alert = None,
    *,
    of_type: OfType = None,
    label: Label = None,
    by: By = "",
    as_json: flags.AsJson = False,
) -> None:
    """Resolve an alert, or all of a type or label: nobody is needed any more."""
    meant = _meant(alert, of_type, label, by)
    if alert is not None:
        _resolve_one(context, alert, by, as_json=as_json)
    else:
        _handle(context, "resolve", meant, as_json=as_json)


@commands.command()
def reopen(
    context: typer.Context,
    alert: Alert = None,
    *,
    of_type: OfType = None,
    label: Label = None,
    as_json: flags.AsJson = False,
) -> None:
    """Take a resolution back: the alert fires on."""
    _handle(context, "reopen", _meant(alert, of_type, label, ""), as_json=as_json)


def _meant(
    alert: int | None, of_type: str | None, label: list[str] | None, by: str
) -> dict[str, Any]:
    if (alert is None) == (of_type is None and not label):
        stop("name one alert, or --type or --label for all of these; not both", WRONG_USE)
    meant: dict[str, Any] = {"labels": pairs_of(label or ()), "by": by}
    meant |= {"types": [of_type]} if of_type else {}
    return meant | ({"ids": [alert]} if alert is not None else {})


def _resolve_one(context: typer.Context, alert: int, by: str, *, as_json: bool) -> None:
    body = {"resolved_by": by} if by else None
    with told():
        found = client_of(context).post(f"/api/v1/sync/alerts/{alert}/resolve", body)
    tell(f"resolved {alert}", [found], as_json=as_json)


def _handle(context: typer.Context, how: str, meant: dict[str, Any], *, as_json: bool) -> None:
    with told():
        found = client_of(context).post(f"{ALERTS}/{how}", meant)
    numbers = ", ".join(map(str, found["changed"]))
    past = f"{how}d" if how.endswith("e") else f"{how}ed"
    tell(f"{past} {numbers}" if numbers else "nothing to change", found, as_json=as_json)


def _change(change: dict[str, Any]) -> str:
    words = [change["state"], f"by {change['by']}" if change["by"] else "", change["words"] or ""]
    return " ".join(word for word in words if word)


def _row(alert: dict[str, Any]) -> tuple[object, ...]:
    return (
        alert["id"],
        alert["severity"],
        alert["tenant"],
        alert["title"],
        alert["starts_at"],
        f"{alert['times']} x",
        alert["state"],
        alert["annotations"].get("action", ""),
    )
