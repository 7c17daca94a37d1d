"""Makes this folder ready to run: virtual environment, locked packages, front-end files.

Runs on any Python >= 3.11 with nothing installed. What stands already, and whose
inputs are unchanged, is left alone.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements.lock"
STAMPS = VENV / "set-up"


def main() -> None:
    """Do each step whose inputs changed since it was last done."""
    started = perf_counter()
    with ThreadPoolExecutor(1) as aside:
        # npm needs no Python package, so it runs while those are installed.
        early = aside.submit(_frontend) if shutil.which("npm") else None
        _done("packages", [LOCK], _packages)
        _done("project", [ROOT / "pyproject.toml"], _project)
        _wait(early)
    if (took := perf_counter() - started) > 1:
        print(f"Set up in {took:.1f} s.")


def _wait(early: Future[None] | None) -> None:
    if early is None:
        _frontend()
    else:
        early.result()


def _done(name: str, inputs: list[Path], step: Callable[[], None]) -> None:
    stamp = STAMPS / name
    now = hashlib.sha256(b"".join(path.read_bytes() for path in inputs)).hexdigest()
    if stamp.exists() and stamp.read_text() == now:
        return
    step()
    STAMPS.mkdir(parents=True, exist_ok=True)
    stamp.write_text(now)


def _frontend() -> None:
    # The system's Python will do: this script imports nothing but the standard library.
    _run(sys.executable, str(ROOT / "scripts" / "fetch_frontend.py"))


def _packages() -> None:
    if not any(VENV.glob("lib/python3*/site-packages/pip")):
        print(f"Making .venv with Python {sys.version.split()[0]} ...")
        venv.create(VENV, with_pip=True, symlinks=True)
    print("Installing the packages of requirements.lock ...")
    if (uv := _uv()) is not None:
        _run(uv, "pip", "install", "--quiet", "--require-hashes", "-r", str(LOCK))
    else:
        _pip("--require-hashes", "-r", str(LOCK))


def _project() -> None:
    words = ("--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    if (uv := _uv()) is not None:
        _run(uv, "pip", "install", "--quiet", *words)
    else:
        _pip(*words)


def _uv() -> str | None:
    """The locked uv, installed by pip; None where it cannot be had."""
    program = VENV / "bin" / "uv"
    if os.environ.get("QUARTERDECK_SET_UP") == "pip":
        return None
    if not program.exists():
        _install_uv()
    return str(program) if program.exists() else None


def _install_uv() -> None:
    only = STAMPS / "uv.txt"
    STAMPS.mkdir(parents=True, exist_ok=True)
    only.write_text(_locked("uv"))
    try:
        _pip("--require-hashes", "--only-binary=:all:", "-r", str(only))
    except subprocess.CalledProcessError:
        print("uv is not to be had for this machine; pip installs the packages, more slowly.")


def _locked(name: str) -> str:
    found = re.search(rf"^{name}==.*?(?=^\S|\Z)", LOCK.read_text(), re.MULTILINE | re.DOTALL)
    return found.group() if found else ""


def _pip(*words: str) -> None:
    pip = (str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    _run(*pip, *words)


def _run(*command: str) -> None:
    subprocess.run(command, cwd=ROOT, check=True, env=os.environ | {"VIRTUAL_ENV": str(VENV)})


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as failed:
        sys.exit(f"Set-up stopped: `{' '.join(failed.cmd)}` failed; its own words are above.")
