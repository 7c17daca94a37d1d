"""Templates: Jinja2, every value escaped, every missing one an error."""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from quarterdeck.console import words
from quarterdeck.console.assets import Assets
from quarterdeck.operations.slos.model import figures

FOLDER = Path(__file__).parent / "templates"


def environment(assets: Assets) -> Environment:
    """The templates, with the console's words as filters."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["asset"] = assets.url
    made.filters |= {
        "ago": words.ago,
        "utc": words.utc,
        "iso": words.iso,
        "hours": words.hours,
        "number": words.number,
        "count": words.count,
        "short": words.short,
        "span": words.span,
        "money": words.money,
        "percent": figures.percent,
        "minutes": figures.minutes,
        "combined": _combined,
        "seconds": _seconds,
        "json_text": json_text,
    }
    return made


def json_text(value: Any) -> Markup:  # noqa: ANN401  whatever JSON holds
    """JSON to read: indented, its keys marked."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return Markup("\n").join(_line(line) for line in text.splitlines())


def _line(line: str) -> Markup:
    # A key's text ends where it is decoded whole: it may itself hold ": ".
    bare = line.lstrip()
    indent = line[: len(line) - len(bare)]
    if not bare.startswith('"'):
        return Markup("{}{}").format(indent, bare)
    _, end = json.JSONDecoder().raw_decode(bare)
    if not bare[end:].startswith(": "):
        return Markup("{}{}").format(indent, bare)
    return Markup("{}<b>{}</b>{}").format(indent, bare[:end], bare[end:])


def _combined(one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    return {**one, **other}


def _seconds(length: timedelta) -> str:
    return f"{length.total_seconds():.1f} s"
