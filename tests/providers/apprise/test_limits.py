"""How long and how large the process of a delivery may become, whoever waits for it."""

import signal
import subprocess
import sys

import msgspec

from quarterdeck.operations.channels.service.keeping import ISOLATED
from quarterdeck.providers.apprise.child import Task
from quarterdeck.providers.apprise.judging import Verdict
from quarterdeck.providers.apprise.rendering import Said

BEGIN = "from quarterdeck.providers.apprise import child\n"
TASK = Task(url="json://127.0.0.1:1/x", networks="", said=Said(title="x", body="x", type="info"))


def begun(changed: str) -> subprocess.Popen[bytes]:
    code = f"{BEGIN}{changed}\nchild.main()"
    return subprocess.Popen(
        [sys.executable, "-I", "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_it_ends_though_nobody_waits_for_it() -> None:
    with begun("child.LONGEST_S = 1") as child:
        assert child.wait(60) == -signal.SIGALRM  # it was told nothing


def test_it_takes_no_more_memory_than_it_may() -> None:
    with begun("child.done = lambda *_: bytearray(150 << 20)") as child:
        _, words = child.communicate(msgspec.json.encode(TASK), 60)
    assert (child.returncode, b"MemoryError" in words) == (1, True)


def test_an_apprise_that_an_isolated_process_does_not_find_is_an_answer() -> None:
    code = "import sys; sys.modules['apprise'] = None; from quarterdeck.providers.apprise"
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"{code} import begin; begin.main()"],
        input=msgspec.json.encode(TASK),
        capture_output=True,
        check=False,
    )
    found = msgspec.json.decode(done.stdout, type=Verdict)
    assert (found.again, found.error.startswith(ISOLATED)) == (True, True)
