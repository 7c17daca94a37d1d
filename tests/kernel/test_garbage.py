"""How often a process looks for garbage."""

import subprocess
import sys

SHOW = "import gc; print(gc.get_threshold()[0], gc.get_freeze_count() > 1000)"


def _told(*steps: str) -> str:
    command = [sys.executable, "-c", "; ".join((*steps, SHOW))]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_a_process_looks_for_garbage_seldom_and_never_at_what_it_started_with() -> None:
    begun = "from quarterdeck.kernel import garbage"
    assert _told(begun, "garbage.look_seldom()") == "50000 False"
    assert _told(begun, "garbage.keep_what_stands()") == "50000 True"
