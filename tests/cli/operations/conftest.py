"""A real server with an alert that fires, and the command line that asks."""

from cli.access.conftest import ada, app, database, issue, run, runtime, settings, silent_logs

__all__ = ["ada", "app", "database", "issue", "run", "runtime", "settings", "silent_logs"]
