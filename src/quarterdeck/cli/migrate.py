"""quarterdeck migrate: bring the database to the schema of this release."""

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.options import Options
from quarterdeck.cli.output import REFUSED, stop, tell
from quarterdeck.kernel.errors import QuarterdeckError
from quarterdeck.migrations import revision

commands = typer.Typer(add_completion=False, rich_markup_mode=None)


@commands.command()
def migrate(
    context: typer.Context,
    data: flags.Data = None,
    database: flags.Database = None,
    *,
    as_json: flags.AsJson = False,
) -> None:
    """Bring the database up to date; does nothing if it is.

    SQLite is copied into the data directory's backups first. One migrator works, others
    wait. A database of a newer release is refused.
    """
    settings = flags.configured(data=data, database=database)
    options: Options = context.obj
    try:
        changed = options.launch().migrate(settings, flags.installation_of(settings))
    except QuarterdeckError as error:
        stop(str(error), REFUSED)
    words = "migrated" if changed else "the database is up to date"
    tell(words, {"changed": changed, "schema": revision.newest()}, as_json=as_json)
