"""WCAG 2.2 AA: every colour of text stands out from every ground, in every theme."""

import re
from pathlib import Path

import pytest

import quarterdeck.console

TOKENS = Path(quarterdeck.console.__file__).parent / "static/tokens.css"
GROUNDS = ("ground", "surface", "raised")
TEXTS = ("text", "muted", "accent", "ok", "warning", "critical", "unknown", "stale", "running")
AA_TEXT, AA_PARTS = 4.5, 3.0
HEX = r"#[0-9a-f]{6}"


def themes() -> dict[str, dict[str, str]]:
    """The colours of each theme, by name."""
    css = TOKENS.read_text()
    root, contrast = css.split('[data-theme="contrast"]')
    pairs = re.findall(rf"--([\w-]+): light-dark\(({HEX}), ({HEX})\)", root)
    dark = {name: value for name, _, value in pairs}
    return {
        "light": {name: value for name, value, _ in pairs},
        "dark": dark,
        "contrast": dark | dict(re.findall(rf"--([\w-]+): ({HEX})", contrast)),
    }


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
def test_text_stands_out_from_every_ground(theme: str) -> None:
    colours = themes()[theme]
    pairs = [(text, ground) for text in TEXTS for ground in GROUNDS]
    poor = [p for p in [*pairs, ("on-accent", "accent")] if _contrast(colours, *p) < AA_TEXT]
    assert poor == []


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
def test_edges_of_what_can_be_pressed_stand_out(theme: str) -> None:
    colours = themes()[theme]
    assert [g for g in GROUNDS if _contrast(colours, "edge", g) < AA_PARTS] == []


def _contrast(colours: dict[str, str], one: str, other: str) -> float:
    brighter, darker = sorted((_luminance(colours[one]), _luminance(colours[other])))[::-1]
    return (brighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    # https://www.w3.org/TR/WCAG22/#dfn-relative-luminance
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
