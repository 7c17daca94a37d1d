"""quarterdeck serve: one role of an installation."""

from enum import StrEnum
from typing import Annotated

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.options import Options
from quarterdeck.cli.output import REFUSED, stop
from quarterdeck.kernel.errors import QuarterdeckError

commands = typer.Typer(add_completion=False, rich_markup_mode=None)


class Role(StrEnum):
    """What a process does. ``all`` is for a SQLite that two processes may not share."""

    WEB = "web"
    WORKER = "worker"
    JOBS = "jobs"
    RELAY = "outbox-relay"
    ALL = "all"


@commands.command()
def serve(
    context: typer.Context,
    role: Annotated[Role, typer.Option(help="What this process does.")] = Role.ALL,
    socket: Annotated[
        int | None, typer.Option(help="Descriptor of a listening socket, handed down.")
    ] = None,
    data: flags.Data = None,
    database: flags.Database = None,
    host: flags.Host = None,
    port: flags.Port = None,
    tls_cert: flags.TlsCert = None,
    tls_key: flags.TlsKey = None,
    behind_proxy: flags.BehindProxy = None,
) -> None:
    """Run one role of an installation until told to stop (SIGTERM).

    Where roles run apart, on one machine or many, they share a PostgreSQL database.
    """
    settings = flags.configured(
        data=data,
        database=database,
        host=host,
        port=port,
        tls_cert=tls_cert,
        tls_key=tls_key,
        behind_proxy=behind_proxy,
    )
    options: Options = context.obj
    try:
        options.launch().serve(role, settings, flags.installation_of(settings), socket)
    except QuarterdeckError as error:
        stop(str(error), REFUSED)
