"""quarterdeck config: what this installation is told, and by whom."""

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.output import show_json, show_table

commands = typer.Typer(
    add_completion=False,
    help="Show settings and where each came from.",
    rich_markup_mode=None,
    no_args_is_help=True,
)


@commands.callback()
def _noun() -> None:
    """Keep ``show`` a verb of its own."""


@commands.command()
def show(data: flags.Data = None, *, as_json: flags.AsJson = False) -> None:
    """Show each setting's value and where it came from; secrets are masked.

    By rank: a flag, the environment (QUARTERDECK_...), quarterdeck.toml, the default.
    """
    rows = flags.configured(data=data).rows()
    if as_json:
        show_json([{"name": n, "value": v, "source": s} for n, v, s in rows])
    else:
        show_table(("setting", "value", "from"), rows, "there are no settings")
