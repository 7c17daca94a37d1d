"""Documents that commands read from files: YAML, of which JSON is a part."""

import sys
from pathlib import Path
from typing import Any

import yaml

from quarterdeck.cli.output import WRONG_USE, stop


def document(file: Path) -> Any:  # noqa: ANN401  whatever YAML holds; the server judges it
    """What ``file`` holds (``-``: standard input); ends with exit code 2 where it is no YAML."""
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text()
        return yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError) as error:
        stop(f"{file} cannot be read: {error}", WRONG_USE)


def mapping(file: Path, what: str) -> dict[str, Any]:
    """As ``document``, of one that has keys; else ends with exit code 2, and says ``what``."""
    found = document(file)
    if not isinstance(found, dict):
        stop(f"{file}: expected {what}", WRONG_USE)
    return found
