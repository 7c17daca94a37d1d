"""The tutorial of the SDK, followed as it is written: a real application, a real trail."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import httpx2
import pytest

from pages import ROOT, Page
from scenarios.installation import address, clean_environment, program, run
from waiting import until

PAGE = Page(ROOT / "docs" / "tutorial" / "audit-an-application.md")
CODE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
FILES = re.compile(r"^```yaml\n# (\S+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
READY = "Connect a cloud tenant"
APPLICATION = "app = FastAPI()\n"


@contextmanager
def serving(folder: Path, **environment: str) -> Iterator[str]:
    """The shop, served as the page says but for its port; its address."""
    child = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "shop:app", "--port", "0"],
        cwd=folder,
        env=clean_environment() | environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    said: list[str] = []
    reader = Thread(target=_read, args=[child, said])
    reader.start()
    try:
        until(lambda: "running on" in "".join(said) or child.poll() is not None, 60)
        yield address("".join(said))
    finally:
        child.terminate()
        child.wait(20)
        reader.join()
        if child.stderr:
            child.stderr.close()


def _read(child: "subprocess.Popen[str]", said: list[str]) -> None:
    assert child.stderr
    while line := child.stderr.readline():
        said.append(line)


def followed(told: dict[str, str], found: dict[str, str]) -> None:
    """Run the page's commands up to the application; what they print is put into the next."""
    for words in PAGE.commands():
        verb = shlex.split(words)
        if verb[0] == "up":
            continue
        if verb[0] == "trail":
            return
        done = run(verb[0], *(found.get(word, word) for word in verb[1:]), **told)
        assert done.returncode == 0, (words, done.stderr)
        if verb[1] == "add-principal":
            found["PRINCIPAL"] = done.stdout.strip()
        if verb[0] == "token":
            found["SECRET"] = done.stdout.strip()


def test_auditing_takes_five_lines() -> None:
    (code,) = CODE.findall(PAGE.text)
    lines = code.partition(APPLICATION)[2].partition("\n\n\n")[0].splitlines()
    assert len(lines) == 5


@pytest.mark.timeout(240)
def test_the_tutorial_ends_with_both_records_in_a_log_that_verifies(tmp_path: Path) -> None:
    (code,) = CODE.findall(PAGE.text)
    (tmp_path / "shop.py").write_text(code)
    for name, content in FILES.findall(PAGE.text):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    data = tmp_path / "trail"
    with program("up", "--data", str(data), "--port", "0") as up:
        url = address(up.await_words(READY, 120))
        told = {
            "QUARTERDECK_URL": url,
            "QUARTERDECK_TOKEN": (data / "first-token").read_text().strip(),
            "XDG_CONFIG_HOME": str(tmp_path / "config"),
        }
        found = {"pack": str(tmp_path / "pack")}
        followed(told, found)
        with serving(tmp_path, TRAIL_URL=url, TRAIL_TOKEN=found["SECRET"]) as shop:
            assert httpx2.post(f"{shop}/orders/7").json() == "7"
            records = until(lambda: of_the_shop(found["PRINCIPAL"], told), 60)
            kept = tmp_path / "spool" / "checkpoints" / "shop.checkpoint"
            assert until(kept.exists, 60)
        assert {one["action"]: one["resource"] for one in records} == {
            "orders:create": {"type": "order", "id": "7"},
            "http:post": {"type": "route", "id": "/orders/{number}"},
        }
        assert {one["actor"]["id"] for one in records} == {"u-1"}
        verified = run("trail", "verify", "--tenant", "shop", **told)
        assert verified.returncode == 0, verified.stdout
        assert "intact" in verified.stdout
        copied = run("trail", "copy", "shop", str(tmp_path / "copy"), **told)
        assert copied.returncode == 0, copied.stderr
        listed = json.loads(run("trail", "list", "--json", **told).stdout)
    (vkey,) = (one["vkey"] for one in listed if one["tenant"] == "shop")
    held = run("trail", "verify", str(tmp_path / "copy"), "--key", vkey, "--since", str(kept))
    assert held.returncode == 0, held.stdout


def of_the_shop(principal: str, told: dict[str, str]) -> list[dict[str, Any]]:
    """The records whose source is the shop, once both are there."""
    shown = run("trail", "show", "shop", "--json", **told)
    assert shown.returncode == 0, shown.stderr
    records = [one["record"] for one in json.loads(shown.stdout)]
    mine = [one for one in records if one["source"] == principal]
    return mine if len(mine) == 2 else []
