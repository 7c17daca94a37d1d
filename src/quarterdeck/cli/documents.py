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
