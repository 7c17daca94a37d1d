"""quarterdeck metric: numbers over time."""

from typing import Annotated, Any

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import show_json, show_table

METRICS, SERIES = "/api/v1/metrics", "/api/v1/series"

commands = typer.Typer(
    add_completion=False,
    help="Numbers over time: what there is, and what was measured.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Tenant = Annotated[
    str | None, typer.Option(help="Whose; else your own. _platform: the platform's.")
]
Start = Annotated[str | None, typer.Option(help="RFC 3339; else an hour before the end.")]
End = Annotated[str | None, typer.Option(help="RFC 3339; else now.")]


@commands.command("list")
def show_all(
    context: typer.Context, *, tenant: Tenant = None, as_json: flags.AsJson = False
) -> None:
    """Show the metrics that have series."""
    with told():
        found = client_of(context).get(METRICS, tenant=tenant)["metrics"]
    if as_json:
        show_json(found)
        return
    rows = [(one["name"], one["series"], one["seen_at"]) for one in found]
    show_table(("metric", "series", "seen"), rows, "no metric has series yet")


@commands.command()
def show(
    context: typer.Context,
    metric: Annotated[str, typer.Argument(help="Its name, as metric list shows it.")],
    *,
    tenant: Tenant = None,
    as_json: flags.AsJson = False,
) -> None:
    """Show a metric's labels and their values."""
    with told():
        found = client_of(context).get(f"{METRICS}/{metric}", tenant=tenant)
    if as_json:
        show_json(found)
        return
    rows = [(label, ", ".join(values)) for label, values in found["labels"].items()]
    show_table(("label", "values"), rows, "its one series has no label")


@commands.command()
def query(
    context: typer.Context,
    selector: Annotated[str, typer.Argument(help="""As 'up{job="a"}'.""")],
    *,
    tenant: Tenant = None,
    start: Start = None,
    end: End = None,
    interval: Annotated[str | None, typer.Option(help="As PT1H; else each point.")] = None,
    function: Annotated[
        str | None, typer.Option(help="Of each interval: avg, rate, last, quantile, ...")
    ] = None,
    quantile: Annotated[float | None, typer.Option(help="From 0 to 1.")] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Show the points of series, oldest first. Nothing is shown where nothing is known."""
    asked = {
        "selector": selector,
        "tenant": tenant,
        "start": start,
        "end": end,
        "interval": interval,
        "function": function,
        "quantile": quantile,
    }
    with told():
        found = client_of(context).get(SERIES, **asked)["series"]
    if as_json:
        show_json(found)
        return
    rows = [(p["at"], _shown(one), p["value"]) for one in found for p in one["points"]]
    show_table(("at", "series", "value"), rows, "no point in that time")


def _shown(series: dict[str, Any]) -> str:
    labels = ", ".join(f'{name}="{value}"' for name, value in series["labels"].items())
    return f"{series['name']}{{{labels}}}" if labels else str(series["name"])
