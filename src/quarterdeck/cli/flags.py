"""Flags that commands share. One not given is None: then environment, file, default decide."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from quarterdeck.cli.output import WRONG_USE, stop
from quarterdeck.kernel.installation import Installation, default_root
from quarterdeck.kernel.settings import Configured, UnusableSetting, load

Data = Annotated[Path | None, typer.Option(metavar="DIR", help="Data directory.")]
Database = Annotated[str | None, typer.Option(metavar="URL", help="SQLAlchemy URL.")]
Host = Annotated[str | None, typer.Option(metavar="ADDRESS", help="Address to listen on.")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="0 takes a free one.")]
BaseUrl = Annotated[str | None, typer.Option(metavar="URL", help="The address people use.")]
TlsCert = Annotated[str | None, typer.Option(metavar="FILE", help="Certificate chain, PEM.")]
TlsKey = Annotated[str | None, typer.Option(metavar="FILE", help="Its private key, PEM.")]
BehindProxy = Annotated[
    str | None, typer.Option(metavar="CIDR", help="Network of the proxy that ends TLS.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
AsLines = Annotated[
    bool, typer.Option("--jsonl", help="All of them, one JSON object a line, as they come.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]


def configured(**flags: Any) -> Configured:  # noqa: ANN401  flags are of every type
    """Settings of this command; ends with exit code 2 and words where one cannot be used."""
    try:
        given = {k: str(v) if isinstance(v, Path) else v for k, v in flags.items()}
        return load(given, os.environ)
    except UnusableSetting as error:
        stop(str(error), WRONG_USE)


def installation_of(settings: Configured) -> Installation:
    """The data directory that the settings name."""
    named = settings.settings.data
    return Installation(Path(named) if named else default_root(os.environ, os.getuid()))
