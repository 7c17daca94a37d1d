"""What was said before the noun, and the file that remembers it."""

import os
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quarterdeck.cli.output import WRONG_USE, stop

DEFAULT_URL = "http://127.0.0.1:8080"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a command reaches the server, and how it starts one.

    Attributes:
        url, token: as given; None where they were not.
        launch: gives ``wiring``; costly, so only commands that start something call it.
    """

    url: str | None = None
    token: str | None = None
    launch: Callable[[], Any]

    def server(self) -> tuple[str, str]:
        """URL and token: as given, else from the remembered file, else the default and none."""
        kept = remembered()
        return self.url or kept.get("url", DEFAULT_URL), self.token or kept.get("token", "")


def config_home() -> Path:
    """The folder of this user's own files."""
    home = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(home) / "quarterdeck"


def remembered() -> dict[str, str]:
    """``url`` and ``token`` from ``client.toml`` in ``config_home``; empty where there is none.

    Ends with words where it cannot be read: asking another server than the one that was
    written down would be worse.
    """
    path = config_home() / "client.toml"
    try:
        values = tomllib.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        stop(f"{path} cannot be read: {error}; mend it, or remove it", WRONG_USE)
    return {key: str(value) for key, value in values.items()}
