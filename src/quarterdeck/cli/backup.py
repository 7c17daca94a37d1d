"""quarterdeck backup: an online copy of all data, keys apart."""

from pathlib import Path
from typing import Annotated

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.output import REFUSED, stop, tell
from quarterdeck.kernel.backup import copy_sqlite
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.errors import QuarterdeckError
from quarterdeck.kernel.installation import Installation, make_private
from quarterdeck.operations.metrics.opening import FILE as SERIES
from quarterdeck.trail.log.backup import copy_installation

commands = typer.Typer(add_completion=False, rich_markup_mode=None)


@commands.command()
def backup(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Gets a folder for this copy.")],
    data: flags.Data = None,
    database: flags.Database = None,
    *,
    as_json: flags.AsJson = False,
) -> None:
    """Copy all data of this installation into DIR, while it runs.

    The copy is of one moment. Keys are not in it: quarterdeck keys backup. A PostgreSQL
    database is its own server's to back up.
    """
    settings = flags.configured(data=data, database=database)
    if settings.settings.database.startswith("postgres"):
        stop("this installation is on PostgreSQL: back it up with pg_dump or its server", REFUSED)
    installation = flags.installation_of(settings)
    try:
        made = _copy(installation, folder)
    except (QuarterdeckError, OSError) as error:
        stop(str(error), REFUSED)
    words = (
        f"{made.parent}; to restore, stop Quarterdeck and put both of it into {installation.root}"
    )
    tell(words, {"copy": str(made), "of": str(installation.database)}, as_json=as_json)


def _copy(installation: Installation, folder: Path) -> Path:
    if not installation.database.is_file():
        raise FileNotFoundError(
            f"no database at {installation.database}: name its folder with --data"
        )
    made = folder / f"quarterdeck-{utc_now():%Y%m%dT%H%M%SZ}"
    make_private(made)
    _copy_series(installation, made)
    return copy_installation(installation.database, installation.trail, made)


def _copy_series(installation: Installation, made: Path) -> None:
    samples = installation.series / SERIES
    if samples.is_file():
        make_private(made / "series")
        copy_sqlite(samples, made / "series" / SERIES)
