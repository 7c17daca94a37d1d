"""The locks are current: they hold everything that is asked for, by hash. Needs no network."""

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Print what is missing; exit 1 if anything is."""
    faults = [*_python_faults(), *_npm_faults()]
    print("\n".join(faults) if faults else "locks are current")
    if faults:
        sys.exit("Run `make lock`.")


def _python_faults() -> Iterator[str]:
    locked = locked_packages((ROOT / "requirements.lock").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = chain(project["dependencies"], *project["optional-dependencies"].values())
    for name in map(name_of, asked):
        if name not in locked:
            yield f"requirements.lock: {name} is missing"
    for name, hashes in locked.items():
        if not hashes:
            yield f"requirements.lock: {name} has no hash"


def locked_packages(text: str) -> dict[str, int]:
    """Each locked package, and how many hashes it has."""
    entries = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)
    return {name_of(entry): entry.count("--hash=sha256:") for entry in entries if entry.strip()}


def name_of(requirement: str) -> str:
    found = re.match(r"[\w.-]+?(?=[\s\[;<>=!~,]|$)", requirement)
    return re.sub(r"[-_.]+", "-", found.group()).lower() if found else requirement


def _npm_faults() -> Iterator[str]:
    asked = json.loads((ROOT / "package.json").read_text())["dependencies"]
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    if lock[""]["dependencies"] != asked:
        yield "package-lock.json: asks for other packages than package.json"
    for path, package in lock.items():
        if path and "integrity" not in package:
            yield f"package-lock.json: {path} has no integrity"
        if "resolved" in package:
            yield f"package-lock.json: {path} names an address"


if __name__ == "__main__":
    main()
