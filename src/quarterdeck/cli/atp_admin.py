"""atp-admin: the commands of runbook 004, as they stand there."""

from quarterdeck.cli.main import Nouns, build_cli
from quarterdeck.kernel.garbage import look_seldom

VERBS = {
    "dlq": ("quarterdeck.cli.deadletter", "Dead letters: look, classify, quarantine, replay."),
    "queue": ("quarterdeck.cli.queue", "Queues: active, dead-letter and scheduled messages."),
    "integrity": ("quarterdeck.cli.integrity", "Freeze, verify, and find what is missing."),
    "keys": ("quarterdeck.cli.keys", "Rotate the keys that sign logs; back them up."),
    "subscriptions": ("quarterdeck.cli.subscription", "Who consumes appended records."),
}
"""By noun: the module of its commands, loaded when it is called, and what it is for."""


class Admin(Nouns):
    """The nouns of the runbook, over the modules of ours."""

    nouns = {noun: words for noun, (_, words) in VERBS.items()}  # noqa: RUF012  never changed
    modules = {noun: module for noun, (module, _) in VERBS.items()}  # noqa: RUF012


def main() -> None:
    """Run the command line."""
    look_seldom()
    build_cli(_nothing, Admin, "Operate the audit trail, as runbook 004 says.")()


def _nothing() -> None:
    """These commands start nothing: they ask a server."""
