"""The quarterdeck command: a noun, then a verb."""

from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typing_extensions import override

from quarterdeck.cli.options import Options
from quarterdeck.cli.output import QUIET

# Each noun with what it is for. Its module is imported when it is called or asked for
# help: loading them all costs 0.4 s, and --help shall answer in 0.15.
NOUNS = {
    "up": "Run everything on this machine.",
    "demo": "Run everything on a simulated cloud, to look around.",
    "serve": "Run one role of an installation.",
    "migrate": "Bring the database up to date.",
    "doctor": "Check this installation and say what to do.",
    "status": "Show what needs attention now.",
    "config": "Show settings and where each came from.",
    "tenant": "Tenants: the units of isolation.",
    "resource": "Resources that the cloud last reported.",
    "sync": "Bring the estate up to date; see runs and failures.",
    "trail": "Read and check the audit trail.",
    "access": "Principals, roles and grants.",
    "token": "Tokens of people and programs.",
    "job": "Long work: progress, cancel, decide.",
    "pack": "Policy data as folders of YAML.",
    "keys": "Back up and restore the signing keys.",
    "backup": "Copy all data of this installation while it runs.",
    "simulate": "Run a cloud of its own to rehearse on.",
}


class Nouns(TyperGroup):
    """Commands by noun, each loaded from the module of its name when it is needed."""

    # typer keeps its Context type to itself, and not every method looks at it
    @override
    def list_commands(self, ctx: Any) -> list[str]:
        return list(NOUNS)

    @override
    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in NOUNS:
            return None
        module = import_module(f"quarterdeck.cli.{cmd_name}")
        command = typer.main.get_command(module.commands)
        command.name = cmd_name
        return command

    @override
    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        names: Any = dict.fromkeys(NOUNS)
        self.commands = names  # what typer compares a typo with
        return super().resolve_command(ctx, args)

    @override
    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(NOUNS.items()))


def build_cli(launch: Callable[[], Any]) -> typer.Typer:
    """The command line; ``launch`` is called only by commands that start something."""
    cli = typer.Typer(
        cls=Nouns,
        help="Know a cloud estate, watch it, act on it by runbook, and prove what was done.",
        rich_markup_mode=None,
        invoke_without_command=True,
        pretty_exceptions_enable=False,
    )

    @cli.callback()
    def options(
        context: typer.Context,
        url: Annotated[
            str | None, typer.Option(envvar="QUARTERDECK_URL", help="The server to talk to.")
        ] = None,
        token: Annotated[
            str | None,
            typer.Option(envvar="QUARTERDECK_TOKEN", help="Better kept in the environment."),
        ] = None,
        *,
        quiet: Annotated[
            bool, typer.Option("--quiet", help="No words but why it failed; only data.")
        ] = False,
    ) -> None:
        context.obj = Options(url=url, token=token, launch=launch)
        QUIET.set(quiet)
        if context.invoked_subcommand is None:
            attention = import_module("quarterdeck.cli.status")
            attention.status(context)

    return cli
