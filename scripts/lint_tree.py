"""What may not stand in the repository: addresses of downloads, and paths of one machine."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
BINARY = {".png", ".ico", ".gz", ".zip", ".db"}
RULES = {
    "a download's address": re.compile(
        r"https?://\S+\.(?:whl|tgz|tar\.gz|zip)\b|(?:index-url|registry)[ =]+https?://"
        r'|https?://\S+/simple\b|"resolved": *"https?:'
    ),
    "a path of one machine": re.compile(r"(?<![\w./~}-])/(?:work|tmp|root|home|Users|farm)/\w"),
}
# Tests make up paths and addresses to see them refused; the census quotes the runbooks.
FREE = ("tests/", "conformance/census.csv")


def main() -> None:
    """Print what was found, with its line; exit 1 if anything was."""
    found = [line for path in _files() for line in _faults(path)]
    print("\n".join(found) if found else "no download addresses, no machine's paths")
    sys.exit(bool(found))


def _files() -> list[str]:
    # What is committed, and what would be.
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        print("not a git checkout: nothing to look at")
    return done.stdout.splitlines()


def _faults(name: str) -> Iterator[str]:
    path = ROOT / name
    if path.name == "uv.lock":
        yield f"{name}: holds download addresses; requirements.lock is ours"
    if not path.is_file() or path.suffix in BINARY or name.startswith(FREE):
        return
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        for what, sign in RULES.items():
            if sign.search(line):
                yield f"{name}:{number}: {what}: {line.strip()[:80]}"


if __name__ == "__main__":
    main()
