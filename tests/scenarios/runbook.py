"""The commands of a runbook, taken from its text as they stand."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

SECTION = re.compile(r"^## (\d+)\. ", re.MULTILINE)
BLOCK = re.compile(r"^```bash\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Command:
    """A command and the number of the section it stands in."""

    section: int
    text: str


def commands(runbook: str, sections: frozenset[int]) -> list[Command]:
    """Every command with ``curl`` in the shell blocks of these sections, in their order.

    A command goes on over line ends that are escaped or inside quotes.
    """
    parts = SECTION.split(runbook)
    return [
        Command(int(number), text)
        for number, body in zip(parts[1::2], parts[2::2], strict=True)
        if int(number) in sections
        for block in BLOCK.findall(body)
        for text in _commands(block)
        if re.search(r"\bcurl\b", text)
    ]


def pasted(command: Command, base_url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What bash makes of the command in ``folder``, nothing of it changed."""
    return subprocess.run(
        ["/bin/bash", "-o", "pipefail", "-c", command.text],
        env={"PATH": os.environ["PATH"], "BASE_URL": base_url},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _commands(block: str) -> list[str]:
    found: list[str] = []
    pending = ""
    for line in block.splitlines():
        if not pending and line.lstrip().startswith("#"):
            continue
        pending += line + "\n"
        if not (line.endswith("\\") or pending.count("'") % 2):
            found.append(pending.strip())
            pending = ""
    return found
