"""quarterdeck sync policy, pause, held, doubts, patterns: how domains are kept up to date."""

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import FOUND, show_json, show_table, tell

SYNC = "/api/v1/sync"
POLICIES = f"{SYNC}/policies"

commands = typer.Typer(add_completion=False, rich_markup_mode=None)

Domain = Annotated[str, typer.Argument(help="costs, compliance, resources or identity.")]
Only = Annotated[str | None, typer.Option("--tenant", help="Only for this tenant.")]


@commands.command()
def policy(
    context: typer.Context,
    domain: Annotated[str | None, typer.Argument(help="Only this one.")] = None,
    *,
    interval: Annotated[float | None, typer.Option(help="Seconds between two runs.")] = None,
    limit: Annotated[float | None, typer.Option(help="Flag a run that takes longer, s.")] = None,
    base: Annotated[float | None, typer.Option(help="First pause after a failure, s.")] = None,
    factor: Annotated[float | None, typer.Option(help="Each pause times this: 1 to 10.")] = None,
    cap: Annotated[float | None, typer.Option(help="Longest pause, s.")] = None,
    min_runs: Annotated[
        int | None, typer.Option(help="Runs an hour before high_error_rate may fire.")
    ] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Show how often domains are read and how failures are repeated; with options, change it."""
    wanted = {
        "interval_seconds": interval,
        "limit_seconds": limit,
        "backoff_base_seconds": base,
        "backoff_factor": factor,
        "backoff_cap_seconds": cap,
        "error_rate_min_runs": min_runs,
    }
    change = {name: value for name, value in wanted.items() if value is not None}
    if change and domain is None:
        raise typer.BadParameter("name the domain to change: costs, compliance, ...")
    with told():
        client = client_of(context)
        if change:
            found = [client.patch(f"{POLICIES}/{domain}", change)]
        elif domain:
            found = [client.get(f"{POLICIES}/{domain}")]
        else:
            found = client.get(POLICIES)["policies"]
    _show(found, as_json=as_json)


@commands.command()
def pause(
    context: typer.Context, domain: Domain, *, tenant: Only = None, as_json: flags.AsJson = False
) -> None:
    """Begin no run of a domain until it is resumed; what runs goes on to its end."""
    with told():
        client_of(context).post(f"{POLICIES}/{domain}/pause{_of(tenant)}")
    said = {"domain": domain, "tenant": tenant, "paused": True}
    words = f"{domain} is paused; resume it with: quarterdeck sync resume {domain}"
    tell(words, said, as_json=as_json)


@commands.command()
def resume(
    context: typer.Context, domain: Domain, *, tenant: Only = None, as_json: flags.AsJson = False
) -> None:
    """End a pause; what is due begins at once."""
    with told():
        client_of(context).post(f"{POLICIES}/{domain}/resume{_of(tenant)}")
    said = {"domain": domain, "tenant": tenant, "paused": False}
    tell(f"{domain} is synced again", said, as_json=as_json)


@commands.command()
def held(context: typer.Context, *, as_json: flags.AsJson = False) -> None:
    """Show what waits until its cloud is healthy. Exits 1 if anything does."""
    with told():
        found = client_of(context).get(f"{SYNC}/held")["held"]
    columns = ("connection", "domain", "tenant", "since", "the cloud says")
    rows = [(h["connection"], h["domain"], h["tenant"], h["since"], h["words"]) for h in found]
    _list(found, columns, rows, "nothing is held", as_json=as_json)


@commands.command()
def doubts(context: typer.Context, *, as_json: flags.AsJson = False) -> None:
    """Show what is kept though its cloud told it no more. Exits 1 if anything is.

    It is not known whether it is gone. What is asked again is believed the second time.
    """
    with told():
        found = client_of(context).get(f"{SYNC}/doubts")["doubts"]
    columns = ("tenant", "domain", "since", "items", "what lacks them", "asked again")
    rows = [
        (
            d["tenant"],
            d["domain"],
            d["since"],
            d["items"],
            d["place"],
            "yes" if d["asked_again"] else "never believed: grant Reader, or disconnect it",
        )
        for d in found
    ]
    _list(found, columns, rows, "nothing is in doubt", as_json=as_json)


@commands.command()
def release(
    context: typer.Context,
    connection: Annotated[str, typer.Argument()],
    domain: Domain,
    *,
    as_json: flags.AsJson = False,
) -> None:
    """Read what is held although its cloud says that it is degraded."""
    with told():
        client_of(context).post(f"{SYNC}/held/{connection}/{domain}/release")
    said = {"connection": connection, "domain": domain, "released": True}
    tell("it is read within a minute", said, as_json=as_json)


@commands.command()
def patterns(context: typer.Context, *, as_json: flags.AsJson = False) -> None:
    """Show what the failures of the last 24 hours have in common. Exits 1 if there is any."""
    with told():
        found = client_of(context).get(f"{SYNC}/patterns")["patterns"]
    columns = ("pattern", "tenant", "domains", "signs", "what to do")
    rows = [
        (
            p["pattern"],
            p["tenant"],
            ", ".join(p["domains"]),
            "; ".join(p["signs"]),
            p["recommended_action"],
        )
        for p in found
    ]
    _list(found, columns, rows, "no pattern in the failures of 24 hours", as_json=as_json)


def _list(
    found: list[dict[str, Any]],
    columns: tuple[str, ...],
    rows: Sequence[tuple[object, ...]],
    empty: str,
    *,
    as_json: bool,
) -> None:
    if as_json:
        show_json(found)
    else:
        show_table(columns, rows, empty)
    if found:
        raise typer.Exit(FOUND)


def _show(found: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        show_json(found)
        return
    columns = ("domain", "every", "usually", "limit", "stale at", "backoff", "rate of", "paused")
    show_table(columns, [_row(kept) for kept in found], "no domain")


def _row(kept: dict[str, Any]) -> tuple[object, ...]:
    usual = f"{kept['expected_min_seconds']:g} to {kept['expected_max_seconds']:g} s"
    pauses = f"{kept['backoff_base_seconds']:g} s x {kept['backoff_factor']:g}"
    return (
        kept["domain"],
        f"{kept['interval_seconds']:g} s",
        usual,
        f"{kept['limit_seconds']:g} s",
        f"{kept['stale_after_seconds']:g} s",
        f"{pauses}, at most {kept['backoff_cap_seconds']:g} s",
        f"{kept['error_rate_min_runs']} runs or more",
        "yes" if kept["paused"] else ", ".join(kept["paused_tenants"]),
    )


def _of(tenant: str | None) -> str:
    return f"?{urlencode({'tenant': tenant})}" if tenant else ""
