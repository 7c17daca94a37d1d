"""The quarterdeck command: a noun, then a verb."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Annotated, Any, ClassVar

import typer
from typer.core import TyperGroup
from typing_extensions import override

from quarterdeck.cli.options import Options
from quarterdeck.cli.output import QUIET

PURPOSE = "Know a cloud estate, watch it, act on it by runbook, and prove what was done."

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
    "cost": "What the estate costs, and how well that is known.",
    "compliance": "Policies, secure score and advice.",
    "programme": "Requirements with a deadline, and how far tenants are.",
    "review": "The daily review: six checks, and what to do.",
    "export": "The estate as files, now or again and again.",
    "sync": "Bring the estate up to date; see runs and failures.",
    "alert": "What wants somebody: acknowledge, resolve, silence, route.",
    "health": "Look at components now; see what was found before.",
    "service": "Services: how each is, and what is down because of what.",
    "environment": "Environments: facts and links, usable in commands.",
    "logs": "What the platform itself says: find, follow, ask.",
    "maintenance": "Windows in which something is worked on.",
    "change": "What was changed, and whether one may change something now.",
    "slo": "What was promised of services, and what of it is spent.",
    "page": "Who is wanted, who was told, and who answers.",
    "escalation": "Who is told, and who next where nobody answers.",
    "audience": "Who is told of incidents, and in which words.",
    "card": "A few steps for when there is no time to read.",
    "contact": "Whom to reach, by what, and how soon they answer.",
    "incident": "Incidents: declare, lead, tell, learn.",
    "statuspage": "What customers see of how things are, and what they are told.",
    "severity": "How bad an incident can be, and what follows.",
    "channel": "Named ways out: mail, Slack, Teams, PagerDuty, webhooks, Jira, Apprise.",
    "method": "How people are reached, and when they are left alone.",
    "message": "What was told by channels and mail, what waits, what nobody took.",
    "oncall": "Who answers when: schedules, overrides, holes, load.",
    "metric": "Numbers over time: what there is, and what was measured.",
    "identity": "Who is in the directories, and how they prove who they are.",
    "preflight": "Try each call that the platform makes of a cloud.",
    "trail": "Read and check the audit trail.",
    "policy": "What of the trail is how secret, and who sees it.",
    "hold": "Legal holds: place, release by two persons.",
    "erasure": "Make a person's data unreadable; every proof holds.",
    "retention": "Purge what is due; check how long and where records are kept.",
    "integrity": "Freeze the trail, verify segments, find what is missing.",
    "deadletter": "Dead letters: look, classify, quarantine, replay.",
    "queue": "Queues of consumers, and what awaits them.",
    "subscription": "Who consumes appended records: pause, resume, retry.",
    "access": "Principals, roles and grants.",
    "token": "Tokens of people and programs.",
    "job": "Long work: progress, cancel, decide.",
    "pack": "Policy data as folders of YAML.",
    "webhook": "Send records to receivers, signed.",
    "report": "Compliance, reviews and evidence of a trail.",
    "keys": "Rotate, wrap, back up and restore the signing keys.",
    "backup": "Copy all data of this installation while it runs.",
    "simulate": "Run a cloud of its own to rehearse on.",
}


class Nouns(TyperGroup):
    """Commands by noun, each loaded from its module when it is needed."""

    nouns: ClassVar[Mapping[str, str]] = NOUNS
    modules: ClassVar[Mapping[str, str]] = {noun: f"quarterdeck.cli.{noun}" for noun in NOUNS}

    # typer keeps its Context type to itself, and not every method looks at it
    @override
    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.nouns)

    @override
    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.nouns:
            return None
        module = import_module(self.modules[cmd_name])
        command = typer.main.get_command(module.commands)
        command.name = cmd_name
        return command

    @override
    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        names: Any = dict.fromkeys(self.nouns)
        self.commands = names  # what typer compares a typo with
        return super().resolve_command(ctx, args)

    @override
    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(self.nouns.items()))


def build_cli(
    launch: Callable[[], Any], nouns: type[Nouns] = Nouns, purpose: str = PURPOSE
) -> typer.Typer:
    """The command line; ``launch`` is called only by commands that start something."""
    cli = typer.Typer(
        cls=nouns,
        help=purpose,
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
        if context.invoked_subcommand is None and nouns is not Nouns:
            typer.echo(context.get_help())
        elif context.invoked_subcommand is None:
            attention = import_module("quarterdeck.cli.status")
            attention.status(context)

    return cli
