"""quarterdeck simulate: a cloud to rehearse on, without an account anywhere."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from quarterdeck.cli.options import Options
from quarterdeck.cli.output import UNAVAILABLE, WRONG_USE, say, stop
from quarterdeck.kernel.errors import Invalid, Unavailable
from quarterdeck.kernel.supervise import end_with_supervisor, say_ready

commands = typer.Typer(
    add_completion=False,
    help="Run a cloud of its own to rehearse on.",
    rich_markup_mode=None,
    no_args_is_help=True,
)


@commands.callback()
def clouds() -> None:
    """Run a cloud of its own to rehearse on."""


@commands.command()
def azure(
    context: typer.Context,
    data: Annotated[
        Path, typer.Option(metavar="DIR", help="Gets ca.pem, the authority to trust.")
    ] = Path("simulator"),
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 0,
    tenants: Annotated[int, typer.Option(min=1, max=1000, help="Directories.")] = 3,
    resources: Annotated[
        int, typer.Option(min=0, max=1_000_000, help="In all directories together.")
    ] = 1_500,
    seed: Annotated[int, typer.Option(help="The same seed makes the same cloud.")] = 7,
    latency_ms: Annotated[
        int, typer.Option(min=0, max=60_000, help="Hold each answer back this long.")
    ] = 0,
    token_s: Annotated[
        int, typer.Option(min=1, max=86_400, help="Seconds that an access token lives.")
    ] = 3_600,
    quotas: Annotated[  # noqa: FBT002  a flag
        bool, typer.Option("--quotas", help="Refuse (429) beyond Azure's quotas; else only count.")
    ] = False,
    cost_quotas: Annotated[
        int, typer.Option(min=1, max=1_000, help="Times Azure's quotas of queries of costs.")
    ] = 1,
    without: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[N:]PERMISSION",
            help="A role, permission or licence that no directory, or the Nth, has. Repeatable.",
        ),
    ] = None,
    now: Annotated[
        str, typer.Option(metavar="INSTANT", help="What its clock shows at the start (RFC 3339).")
    ] = "",
    lighthouse: Annotated[  # noqa: FBT002  a flag
        bool, typer.Option("--lighthouse", help="The first directory manages all the others.")
    ] = False,
) -> None:
    """Answer as Azure does, over HTTPS on loopback, until told to stop (Ctrl-C, SIGTERM).

    Prints one line of JSON when it is ready: url, authority, ca_file, and for each tenant
    tenant_id, client_id and client_secret.
    """
    options: Options = context.obj
    end_with_supervisor()
    try:
        options.launch().simulate(
            _ready,
            folder=data,
            port=port,
            tenants=tenants,
            resources=resources,
            seed=seed,
            latency_s=latency_ms / 1000,
            token_s=token_s,
            quotas=quotas,
            cost_quotas=cost_quotas,
            without=without or (),
            lighthouse=lighthouse,
            now=_instant(now),
        )
    except Unavailable as error:
        stop(str(error), UNAVAILABLE)
    except Invalid as error:
        stop(str(error), WRONG_USE)
    say("the simulated cloud has stopped")


def _instant(text: str) -> datetime | None:
    """The instant in a flag; None for an empty one, which is the machine's time."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"--now {text}: {error}; expected 2026-03-01T09:00:00Z") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _ready(line: str) -> None:
    typer.echo(line)
    say_ready(**json.loads(line))
