"""Maintenance, changes and logs on the command line."""

from collections.abc import Callable

from cli.access.conftest import ada, app, database, issue, run, runtime, settings, silent_logs

__all__ = ["ada", "app", "database", "issue", "run", "runtime", "settings", "silent_logs"]

Run = Callable[..., tuple[int, str, str]]


def test_maintenance_is_begun_listed_and_ended(run: Run) -> None:
    code, _, words = run("maintenance enable --reason patching --minutes 60")
    assert (code, words.startswith("maintenance from ")) == (0, True)
    assert "active\t_platform\tall" in run("maintenance list --state active")[1]
    assert run("maintenance disable")[::2] == (0, "ended 1 windows")
    assert run("maintenance disable")[::2] == (0, "no window was active")
    assert run("maintenance enable --reason x --minutes 0")[0] == 2
    window = run("maintenance list")[1].splitlines()[1].split("\t")[0]
    assert run(f"maintenance end {window}")[0] == 3


def test_a_pipeline_asks_whether_it_may_deploy(run: Run) -> None:
    assert run("change may-deploy --environment prod")[0] == 0
    assert run("change record Web --environment prod --service web --version 2")[0] == 0
    assert "deploy\t_platform\tprod\tweb\tWeb" in run("change list --service web")[1]
    assert run("change freeze --reason budget --level features")[0] == 0
    assert run("change may-deploy --environment prod")[0] == 1
    assert run("change may-deploy --environment prod --purpose hotfix")[0] == 0
    freeze = run("change freezes")[1].splitlines()[1].split("\t")[0]
    assert run(f"change thaw {freeze}")[0] == 0
    assert run("change may-deploy --purpose feature")[0] == 0


def test_logs_without_a_data_directory_have_no_line(run: Run) -> None:
    assert run("logs show")[::2] == (0, "no line is as you ask")
    assert run("logs query traces")[::2] == (0, "no row")
    code, _, words = run("logs query nonsense")
    assert (code, "at 1: expected a table" in words) == (2, True)
